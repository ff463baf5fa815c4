"""Decisions about a site's megawatts: activities, the linear program, its explanation, and who sees it."""
