"""Accounts: what people may do, and what it takes."""
