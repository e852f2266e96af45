"""Redis and SQL."""
