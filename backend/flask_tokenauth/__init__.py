"""Token authentication for Flask, kept in Redis."""
