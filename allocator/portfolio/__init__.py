"""Many sites under one budget: which are entered, with how much capital, and what the next dollar is worth.

``mandate`` says what is given, ``candidates`` reads the sites, ``site_problem`` and ``common`` make rows of them,
``search`` prices the common rows until sites solved alone prove the optimum, ``whole`` decides what is all or nothing,
``answer`` puts it together, ``questions`` asks what would change it.
"""
