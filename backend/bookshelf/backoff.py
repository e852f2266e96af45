"""How long to wait before another try."""


def backoff_seconds(failures: int, first_seconds: float, longest_seconds: float) -> float:
    """The wait after so many failures in a row: doubled with each, up to the longest."""
    return float(min(first_seconds * 2 ** min(failures - 1, 32), longest_seconds))
