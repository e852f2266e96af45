"""The version, in its one place: the package's metadata and the API's document take it from here."""

__version__ = "0.1.0"
