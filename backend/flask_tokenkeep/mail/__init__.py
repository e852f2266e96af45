"""Letters: kept, written and sent."""
