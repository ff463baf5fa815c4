"""Economics of a megawatt: bitcoin mining and AI/HPC leases, as pure functions of numbers.

Conventions, stated once and kept everywhere below
--------------------------------------------------
* Nominal US dollars. Rates are decimals per year, annual effective.
* Months ``m = 0..M``. Month 0 is the valuation date; month ``m`` is the month that ends ``m`` months
  later, and its flows fall at its end. The discount factor is ``(1 + r) ** (-m / 12)``.
* Quarter ``q`` holds the months ``3q + 1 .. 3q + 3``. Decisions start on quarter boundaries.
* Inflows are positive. A *named cost* (``power_cost_usd``) is a positive number; only a
  ``*_cash_flow_usd`` carries a sign.
* Every quantity that crosses a function boundary has its unit in its name. *Facility MW* is what
  the grid meter sees, *critical IT MW* is what a tenant leases; there is no bare "MW".
* Floats are never rounded here; only display rounds.
* Arrays are time-major: months first, then (where there are any) paths or activities.

Nothing here reads the clock, the network or a user's file; the two tables beside the modules
(``machines.csv``, ``deals.csv``) are sourced constants that ship with the package.
"""
