"""One file a page, run by the router in ``app.py``."""
