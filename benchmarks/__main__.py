"""Run every benchmark."""

from __future__ import annotations

from benchmarks import dispatch, leases, pages, portfolio, program, risk, sites, workbook

program.main()
dispatch.main()
leases.main()
risk.main()
sites.main()
portfolio.main()
workbook.main()
pages.main()
