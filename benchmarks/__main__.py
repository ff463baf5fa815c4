"""Run every benchmark."""

from __future__ import annotations

from benchmarks import dispatch, program

program.main()
dispatch.main()
