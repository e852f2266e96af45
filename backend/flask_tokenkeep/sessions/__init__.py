"""Tokens and the sessions behind them."""
