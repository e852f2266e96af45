"""The API's documentation, made from the code."""
