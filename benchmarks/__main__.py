"""Run every benchmark."""

from __future__ import annotations

from benchmarks import dispatch, leases, portfolio, program, risk

program.main()
dispatch.main()
leases.main()
risk.main()
portfolio.main()
