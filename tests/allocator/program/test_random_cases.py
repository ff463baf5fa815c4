"""Five hundred random cases with every limit of the program: two solvers agree, the file says the same, limits hold."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pytest

from allocator.activities import Activities, activities
from allocator.allocation import Allocation, InfeasibleError, allocate
from allocator.case import Case, case_from_document
from allocator.program.build import build
from allocator.program.solve import export_mps, solve
from allocator.stress import Stress
from models.timeline import add_months
from tests.allocator.small import random_document

CASES, CASES_OF_A_TEST = 500, 25


def drawn(seed: int) -> Case:
    """A random case, half of them with whole halls, with rows of every family switched on at random."""
    rng = np.random.default_rng(10_000 + seed)
    given: dict[str, Any] = random_document(seed, whole=seed % 2 == 1)
    given["horizon_years"] = 9
    given["site"]["grid_mw"][1]["grid_mw"] = max(25.0, given["site"]["grid_mw"][1]["grid_mw"])
    policy, leases = given["policy"], given["leases"]
    if rng.random() < 0.5:
        policy["stresses"] = [
            str(s) for s in rng.choice([s.value for s in Stress], size=int(rng.integers(1, 3)), replace=False)
        ]
        policy["minimum_cash_usd"] = round(float(rng.uniform(0, 2e6)))
        policy["minimum_cover"] = round(float(rng.uniform(0, 1.1)), 2) if rng.random() < 0.5 else 0.0
    if rng.random() < 0.3:
        policy["treasury_btc"], policy["treasury_basis_usd_per_btc"] = float(rng.integers(1, 60)), 40_000
    if rng.random() < 0.3:
        leases[0]["exclusive_group"] = leases[1]["exclusive_group"] = "one of two"
    if rng.random() < 0.3:
        leases[2]["first_offer_with"] = leases[0]["name"]
    for lease in leases:
        lease["clearance_months"] = int(rng.integers(0, 4))
        lease["delay_months"] = int(rng.integers(0, 4))
        lease["free_rent_months"] = int(rng.integers(0, 3))
        lease["amortisation"] = str(rng.choice(["sculpted", "level"]))
        lease["tenant_default_per_year"] = round(float(rng.uniform(0, 0.1)), 3)
        lease["guarantor"] = "Parent"
        lease["guarantor_cap_share"] = round(float(rng.uniform(0, 1)), 2)
        lease["equity_first"] = bool(rng.random() < 0.5)
    return case_from_document(given)


def stage(case: Case, given: Any, quarter: int, field: str) -> float:
    """The smaller of a staged limit's values on the first and the last day of a quarter."""
    if not isinstance(given, tuple):
        return float(given)
    first, last = (add_months(case.valuation_date, 3 * quarter + m) for m in (0, 3))
    held = [step for step in given if step.from_date <= first]
    later = [step for step in given if first < step.from_date < last]
    return min(getattr(step, field) for step in [held[-1], *later]) if held else 0.0


def cash_in(plan: Allocation, worse: Activities, quarter: int) -> float:
    """Capital, bitcoin sold and every dollar so far under a stress, summed month by month over the mix."""
    total = stage(plan.case, plan.case.policy.capital_usd, quarter, "usd")
    for line in plan.mix:
        j = plan.choices.items.index(line.activity)
        total += line.units_mw * float(np.sum(worse.equity_cash_flow_usd[: 3 * quarter + 3, j]))
    sold = plan.treasury_sold_btc[: quarter + 1]
    return total + float(sold @ worse.treasury_proceeds_usd_per_btc[: quarter + 1])


def assert_keeps_its_limits(plan: Allocation) -> None:
    """Grid, offers, exclusion, first offer, treasury, cash under stress, from the mix and outside the program."""
    case, policy = plan.case, plan.case.policy
    taken = [sum(line.units_mw for line in plan.mix if line.activity.owner_name == o.name) for o in case.leases]
    for quarter, row in enumerate(plan.schedule):
        assert row.mining_mw + row.hosting_mw <= stage(case, case.site.grid_mw, quarter, "grid_mw") + 1e-5
    for offer, mw in zip(case.leases, taken, strict=True):
        assert mw <= offer.critical_it_mw + 1e-5
        if offer.block_mw:
            for line in plan.mix:
                if line.activity.owner_name == offer.name:
                    assert line.units_mw / offer.block_mw == pytest.approx(
                        round(line.units_mw / offer.block_mw), abs=1e-5
                    )
        if offer.first_offer_with:
            base = next(i for i, other in enumerate(case.leases) if other.name == offer.first_offer_with)
            assert mw / offer.critical_it_mw <= taken[base] / case.leases[base].critical_it_mw + 1e-6
            for quarter in range(case.timeline.quarters):
                begun = [
                    sum(m.units_mw for m in plan.mix if m.activity.owner_name == o.name and m.activity.start <= quarter)
                    / o.critical_it_mw
                    for o in (offer, case.leases[base])
                ]
                assert begun[0] <= begun[1] + 1e-6
    grouped = [mw for offer, mw in zip(case.leases, taken, strict=True) if offer.exclusive_group]
    assert sum(mw > 1e-5 for mw in grouped) <= 1 or not grouped
    assert plan.treasury_sold_btc.sum() <= policy.treasury_btc + 1e-6
    for stress in policy.stresses:
        worse = plan.choices.stressed[stress]
        for quarter in range(0, case.timeline.quarters, 5):
            assert cash_in(plan, worse, quarter) >= policy.minimum_cash_usd - 100.0


def read_back(path: str) -> float:
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    reader.setOptionValue("mip_rel_gap", 1e-9)
    assert reader.readModel(path) == highspy.HighsStatus.kOk
    reader.run()
    return -float(reader.getInfo().objective_function_value)


@pytest.mark.parametrize("first", range(0, CASES, CASES_OF_A_TEST))
def test_random_cases_agree_between_solvers_and_keep_their_limits(first, tmp_path):
    solved = 0
    for seed in range(first, first + CASES_OF_A_TEST):
        case = drawn(seed)
        try:
            plan = allocate(case)
        except InfeasibleError:
            # Only a stress in which doing nothing runs out of cash forbids every plan.
            assert case.policy.minimum_cash_usd > 0
            continue
        solved += 1
        whole = bool(plan.program.form.integer.any())
        assert plan.certificate.worst <= (1e-6 if whole else 1e-9), seed
        assert_keeps_its_limits(plan)
        path = tmp_path / f"{seed}.mps"
        export_mps(plan.program, path)
        scale = 1.0 + abs(plan.npv_usd)
        assert read_back(str(path)) == pytest.approx(plan.npv_usd, abs=(2e-7 if whole else 1e-9) * scale), seed
        assert -solve(plan.program, "CBC").objective == pytest.approx(plan.npv_usd, abs=1e-6 * scale), seed
        rate = np.where(plan.choices.hosting, 0.08, 0.15)
        months = np.arange(case.timeline.months + 1)
        worth = [
            float(u * ((1.0 + r) ** (-months / 12.0) @ plan.choices.cash_flow_usd[:, j]))
            for j, (u, r) in enumerate(zip(plan.units, rate, strict=True))
        ]
        assert sum(worth) == pytest.approx(plan.npv_usd, abs=1e-9 * scale), seed
    assert solved > CASES_OF_A_TEST // 2


def test_the_cases_drawn_hold_every_family():
    families: set[str] = set()
    for seed in range(60):
        names = build(activities(drawn(seed))).form.row_names
        families |= {name.split("__")[0] for name in names}
    assert {
        "grid", "capital", "treasury", "fleet", "purchase", "offer", "exclusive", "first_offer", "tenant", "hosting",
        "flexible", "liquidity", "cover", "least_take",
    } <= families  # fmt: skip
