"""Cases to start from, a table of candidate sites, and the board pack's style."""
