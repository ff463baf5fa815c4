"""The one program: what is written of it, and that it is what is exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.portfolio.common import common_limits
from allocator.portfolio.joint import export, joint_form, solved_as_one
from allocator.portfolio.mandate import Mandate, SiteTerms, TenantLimit
from allocator.portfolio.site_problem import debt_outstanding_usd, site_problem
from allocator.program.build import StandardForm
from tests.allocator.portfolio.small_sites import candidates, site

TEXT = (Path(__file__).parents[3] / "docs" / "portfolio.md").read_text(encoding="utf-8")
EVERYTHING = Mandate(
    capital_usd=20e6, max_debt_usd=50e6, max_tenant_share=0.5, minimum_ticket_usd=1e6,
    tenants=(TenantLimit(name="Beta", max_critical_it_mw=9.0),),
)  # fmt: skip


def everything() -> StandardForm:
    sites = candidates(4, {0: SiteTerms(exclusive_group="a"), 1: SiteTerms(exclusive_group="a")},
                       policy={"capital_usd": 1e6, "stresses": ["price falls"]})  # fmt: skip
    common = common_limits(sites, EVERYTHING)
    return joint_form([site_problem(c, common, named=True) for c in sites], common)


def test_every_common_row_is_in_the_written_formulation():
    form = everything()
    families = {name.split("__")[0] for name in form.row_names if not name.startswith("site_")}
    assert families == {"capital", "debt", "tenant_size", "tenant_share", "liquidity", "exclusive"}
    for family in families:
        assert f"`{family}__" in TEXT, family
    assert "`ticket`" in TEXT
    assert any(name.endswith("__ticket") for name in form.row_names)
    assert "`entered__s`" in TEXT


def test_names_are_unique_and_say_whose_row_it_is():
    form = everything()
    assert len(set(form.row_names)) == len(form.row_names)
    assert len(set(form.column_names)) == len(form.column_names)
    assert form.column_names[-4:] == ("entered__000", "entered__001", "entered__002", "entered__003")


def test_a_site_that_is_closed_can_do_nothing():
    form = everything()
    gates = np.array([name.startswith("entered__") for name in form.column_names])
    shut = StandardForm(**{**vars_of(form), "column_upper": np.where(gates, 0.0, form.column_upper)})
    from allocator.program.columns import WideProgram

    found = WideProgram(shut).answer()
    amounts = np.array([("__lease__" in n or "__buy__" in n or "__fleet__" in n) for n in form.column_names])
    assert np.abs(found.y[amounts]).max() <= 1e-9


def vars_of(form: StandardForm) -> dict[str, object]:
    return {name: getattr(form, name) for name in form.__dataclass_fields__}


def test_the_exported_file_holds_the_same_optimum(tmp_path):
    import highspy

    sites = candidates(3)
    common = common_limits(sites, Mandate(capital_usd=12e6))
    problems = [site_problem(c, common, named=True) for c in sites]
    export(problems, common, tmp_path / "all.mps")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(tmp_path / "all.mps"))
    solver.run()
    assert -solver.getInfo().objective_function_value == pytest.approx(solved_as_one(problems, common), rel=1e-9)


def test_debt_outstanding_is_the_highest_month_end_of_each_quarter():
    from allocator.activities import Kind, activities
    from allocator.lease_activities import cash_flows_from

    choices = activities(site(2))
    owed = debt_outstanding_usd(choices)
    for j, activity in enumerate(choices.items):
        if activity.kind is Kind.LEASE:
            balance = cash_flows_from(choices.case, choices.case.leases[activity.owner], activity.start).balance_usd
            expected = [balance[1 + 3 * q : 4 + 3 * q].max() for q in range(choices.case.timeline.quarters)]
            assert owed[:, j] == pytest.approx(expected, rel=1e-12, abs=1e-6)
        else:
            assert not owed[:, j].any()
