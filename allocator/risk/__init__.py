"""Decisions under uncertainty: value on every path, risk-averse mixes, what information and waiting are worth."""
