"""The values that most tests use."""

MINUTE, DAY = 60, 86_400

PASSWORD = "a quiet place among shelves"
NEW_PASSWORD = "seventeen violet lanterns"
PERSON = {"username": "Ada", "password": PASSWORD}
ADDRESS = "ada@library.example"
FACTS = {"ip": "203.0.113.7", "browser": "Firefox on Linux"}  # of a request, in letters
AGENT = "Firefox/1 Linux"
