"""Run every benchmark."""

from __future__ import annotations

from benchmarks import dispatch, leases, program

program.main()
dispatch.main()
leases.main()
