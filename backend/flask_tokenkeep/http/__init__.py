"""The endpoints and the guard: with extension, cli and testing, all that knows Flask."""
