"""Settings that let tests run fast."""

CHEAP_HASHES = {
    "AUTH_ARGON2_MEMORY_KIB": "8",
    "AUTH_ARGON2_TIME": "1",
    "AUTH_HASH_CONCURRENCY": "8",
}
# For tests that are about something else; those of the limits set their own.
WIDE_LIMITS = {
    "AUTH_LIMIT_LOGIN_FAILURES": "1000000",
    "AUTH_LIMIT_LOGIN_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_REGISTER": "1000000/second",
    "AUTH_LIMIT_FORGOT_PER_ACCOUNT": "1000000/second",
    "AUTH_LIMIT_FORGOT_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_CODE_PER_ADDRESS": "1000000/second",
}
