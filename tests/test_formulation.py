"""The written formulation names every family of rows and columns that the code builds."""

from __future__ import annotations

import re
from pathlib import Path

from allocator.activities import activities
from allocator.files import load_case
from allocator.program.build import Program, build
from allocator.program.constraints import FAMILIES

TEXT = (Path(__file__).parent.parent / "docs" / "formulation.md").read_text(encoding="utf-8")
EVERYTHING = (
    'policy.stresses=["price falls", "lease late"]', "policy.minimum_cash_usd=1e6", "policy.minimum_cover=0.5",
    "policy.treasury_btc=10", "policy.max_tenant_share=0.9", "policy.max_hosting_share=0.9", "leases[0].min_mw=10",
    "leases[1].min_mw=10", "leases[0].block_mw=10", 'leases[0].exclusive_group="a"', 'leases[1].exclusive_group="a"',
)  # fmt: skip


def everything() -> Program:
    return build(activities(load_case("brownfield", EVERYTHING)))


def families(names: tuple[str, ...]) -> set[str]:
    return {name.split("__")[0] for name in names}


def test_every_row_that_is_built_is_in_the_written_formulation():
    for family in families(everything().form.row_names):
        if not family.endswith("_use"):  # a running balance, described once for all
            assert f"`{family}" in TEXT, family


def test_every_column_that_is_built_is_in_the_written_formulation():
    for family in families(everything().form.column_names) - {"fleet", "buy", "lease"}:
        assert f"`{family}" in TEXT or f" {family}__" in TEXT or f"`{family}_" in TEXT, family


def test_families_stand_in_the_order_of_the_code():
    rows = TEXT.split("## Rows")[1]
    places = [re.search(rf"\| `{family.__name__}[_`]", rows) for family in FAMILIES]
    assert all(places), [f.__name__ for f, place in zip(FAMILIES, places, strict=True) if place is None]
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
