"""Settings that let tests run fast, as an environment has them."""

from flask_tokenkeep import testing

CHEAP_HASHES = {name: str(value) for name, value in testing.CONFIG.items() if "LIMIT" not in name}
# For tests that are about something else; those of the limits set their own.
WIDE_LIMITS = {name: str(value) for name, value in testing.CONFIG.items() if "LIMIT" in name}
