"""What must be true of any lease, and of many at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.assumptions import InputFaultsError
from models.blocks import PER_BLOCK, block_places
from models.debt import Amortisation
from models.exit_value import AfterTerm
from models.lease import Lease, LeaseCashFlows, Recovery, lease_cash_flows, many
from models.returns import Finance, npv
from tests.models.random_leases import PRICE, SINCE, random_finance, random_lease

SEEDS = st.integers(0, 10_000)
UNTAXED = Finance(tax_rate=0.0)


def lines(flows: object, within: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every array of a statement by its path, those of the loan and its sizing too."""
    for part in fields(flows):
        value = getattr(flows, part.name)
        if is_dataclass(value):
            yield from lines(value, f"{part.name}.")
        else:
            yield within + part.name, np.asarray(value)


def flows(lease: Lease, finance: Finance = UNTAXED, price: np.ndarray = PRICE) -> LeaseCashFlows:
    return lease_cash_flows(lease, finance, SINCE, price)


# Any lease


@pytest.mark.parametrize("seeds", [range(first, first + 50) for first in range(1000, 1300, 50)], ids=str)
def test_every_line_of_any_lease_is_a_number(seeds):
    for seed in seeds:
        lease, finance = random_lease(seed), random_finance(seed)
        found = flows(lease, finance)
        for name, line in lines(found):
            if not name.startswith("hall_sizing."):
                assert np.isfinite(line).all(), (seed, name)
        assert found.hall_sizing.limited_by
        assert 0 <= found.hall_sizing.advance_rate <= 1
        assert (found.occupied_share >= 0).all()
        assert found.occupied_share.max() <= 1 + 1e-9


@given(SEEDS, st.floats(0, 400), st.floats(0, 400), st.floats(0, 1))
def test_npv_is_affine_in_the_rent(seed, one, other, weight):
    # Without a sale, whose price has a floor at nothing, every line before debt is rent times something plus something.
    lease, finance = random_lease(seed, after_term=AfterTerm.NOTHING), random_finance(seed)
    finance = finance.model_copy(update={"losses_used_by_parent": True})

    def worth(rent: float) -> float:
        changed = lease.model_copy(update={"rent_usd_per_kw_month": rent})
        return npv(0.08, flows(changed, finance).cash_flow_usd)

    between = worth(weight * one + (1 - weight) * other)
    expected = weight * worth(one) + (1 - weight) * worth(other)
    assert between == pytest.approx(expected, rel=1e-9, abs=1e-6 * lease.capex_usd_per_kw + 1e-3)


MONEY = ("rent_usd_per_kw_month", "capex_usd_per_kw", "running_cost_usd_per_kw_month", "guarantor_warrants_usd")
NO_MONEY = {
    "occupied_share", "hall_debt.advance_rate", "hall_debt.ltc", "hall_sizing.advance_by_ltc",
    "hall_sizing.advance_by_dscr", "hall_sizing.reserve_factor", "hall_sizing.payment_factor",
}  # fmt: skip


@given(SEEDS, st.floats(0.1, 9))
def test_scaling_all_money_scales_every_line(seed, factor):
    lease, finance = random_lease(seed), random_finance(seed)
    dearer = lease.model_copy(update={name: factor * getattr(lease, name) for name in MONEY})
    scaled = dict(lines(flows(dearer, finance, factor * PRICE)))
    for name, line in lines(flows(lease, finance)):
        if name == "hall_sizing.payment_factor":  # of a dollar of debt: service over cash flow
            continue
        expected = line if name in NO_MONEY else factor * line
        size = max(
            factor * 1000 * lease.capex_usd_per_kw, float(np.abs(expected[np.isfinite(expected)]).max(initial=0))
        )
        atol = 1e-9 if name in NO_MONEY else 1e-9 * size
        np.testing.assert_allclose(scaled[name], expected, rtol=1e-9, atol=atol, err_msg=name)


@given(
    st.floats(60, 300), st.floats(0.0, 0.05), st.integers(0, 23), st.integers(1, 12), st.floats(0, 1),
    st.floats(0, 0.3), st.floats(0.02, 0.25),
)  # fmt: skip
def test_a_later_delivery_is_never_worth_more_where_rent_grows_more_slowly_than_money(
    rent, growth, late, more, damages, cancelled, rate
):
    """True of a lease that is worth having where what is put off, an NOI of nought or more, is worth less later.

    The build begins on the same day and is stretched, so that its draws come later too, but by no more than the delay
    itself: each dollar drawn is put off by at most as long as the rent is. If the lease is worth something then, to
    move all of it by the delay costs value, and the draws that move less cost more. Conditions: no tax, no sale,
    running costs borne by the tenant, a term that is counted from the delivery, and a discount rate above nought.
    """
    lease = Lease(
        name="Late", tenant="Acme", critical_it_mw=10.0, rent_usd_per_kw_month=rent, escalator_per_year=growth,
        capex_usd_per_kw=9_000.0, late_damages_share=damages, cancellation_probability=cancelled,
    )  # fmt: skip

    def worth(delay: int) -> float:
        return npv(rate, flows(lease.model_copy(update={"delay_months": delay})).cash_flow_usd)

    base = worth(late)
    if base > 0:
        assert worth(late + more) <= base + 1e-6 * abs(base)


@given(SEEDS, st.integers(1, 4))
def test_a_prepayment_and_its_credits_move_money_and_make_none(seed, prepaid):
    lease = random_lease(
        seed, tenant_default_per_year=0.0, tenant_default_after_years=None, termination_after_years=None,
        cancellation_probability=0.0, term_years=20, free_rent_months=0, debt_tenor_years=None,
        prepaid_rent_months=float(prepaid), prepayment_credit_months=24, tenant_capex_share=0.0,
    )  # fmt: skip
    found = flows(lease)
    expected = prepaid * 1000 * lease.rent_usd_per_kw_month
    assert found.prepayment_usd.sum() == pytest.approx(expected, rel=1e-9)
    assert found.credit_usd.sum() == pytest.approx(expected, rel=1e-9)


@given(SEEDS)
def test_what_is_lent_and_its_interest_is_what_is_paid_back(seed):
    found = flows(random_lease(seed), random_finance(seed))
    paid = found.service_usd.sum() + found.balloon_usd.sum()
    assert paid == pytest.approx(found.draw_usd.sum() + found.interest_usd.sum(), rel=1e-9, abs=1e-3)
    assert found.reserve_usd.sum() == pytest.approx(0.0, abs=1e-9 * max(1.0, np.abs(found.reserve_usd).sum()))
    assert found.balance_usd[-1] == pytest.approx(0.0, abs=1e-6)


# Many leases at once


COLUMNS = {
    "rent_usd_per_kw_month": (60, 200), "capex_usd_per_kw": (5_000, 15_000), "escalator_per_year": (-0.02, 0.05),
    "noi_margin": (0.7, 1), "ltc": (0.3, 1), "debt_rate": (0, 0.12), "dscr": (1, 2),
}  # fmt: skip
RISK = {
    "tenant_default_per_year": (0, 0.2), "guarantor_cap_share": (0, 1), "reletting_rent_ratio": (0, 1.5),
    "renewal_probability": (0.1, 1), "termination_probability": (0, 1), "cancellation_probability": (0, 0.5),
}  # fmt: skip
EVERY_LEASE = {
    "plain": ({}, {}),
    "level with a balloon": ({"amortisation": Amortisation.LEVEL, "balloon_share": 0.3, "debt_tenor_years": 7}, {}),
    "equity first": ({"equity_first": True}, {"balloon_share": (0, 0.5)}),
    "fee and reserve": ({"debt_reserve_months": 6}, {"debt_fee_share": (0, 0.05)}),
    "level, equity first, fee": (
        {"amortisation": Amortisation.LEVEL, "equity_first": True, "debt_reserve_months": 3, "free_rent_months": 4},
        {"debt_fee_share": (0, 0.05)},
    ),
    "risk": (
        {"renewal_options": 2, "renewal_years": 3, "termination_after_years": 4, "termination_fee_months": 6.0}, RISK,
    ),
    "late": (
        {"delay_months": 5, "late_grace_months": 1}, {"late_damages_share": (0, 1), "contingency_share": (0, 0.2)},
    ),
    "gross and sold": (
        {"recovery": Recovery.GROSS, "after_term": AfterTerm.SOLD},
        {"running_cost_usd_per_kw_month": (0, 20), "pue": (1, 1.5), "exit_cap_rate": (0.05, 0.1),
         "selling_cost_share": (0, 0.1), "running_cost_growth_per_year": (0, 0.05)},
    ),
    "tenant pays": (
        {"prepayment_credit_months": 36, "rent_by_year": (1.0, 1.2, 1.1), "draw_curve": (0.2, 0.5, 0.3),
         "halls": ({"months_after_first": 0, "share": 0.6}, {"months_after_first": 8, "share": 0.4})},
        {"prepaid_rent_months": (0, 12), "tenant_capex_share": (0, 0.5), "tenant_capex_credit_share": (0, 1),
         "expected_use": (0, 1), "take_or_pay_share": (0, 1), "guarantor_warrants_usd": (0, 1e8)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("parent", [True, False])
@pytest.mark.parametrize("kind", EVERY_LEASE)
def test_many_leases_at_once_are_those_leases_one_by_one(kind, parent):
    fixed, more = EVERY_LEASE[kind]
    lease = Lease(name="Many", tenant="Acme", critical_it_mw=50.0, term_years=10, rent_usd_per_kw_month=100.0, **fixed)
    finance = Finance(losses_used_by_parent=parent, bonus_depreciation=0.4)
    rng, count = np.random.default_rng(3), 12
    columns = {name: rng.uniform(low, high, count) for name, (low, high) in {**COLUMNS, **more}.items()}
    columns["ltc"][0], columns["rent_usd_per_kw_month"][1] = 0.0, 0.0
    wide = lease_cash_flows(many(lease, **columns), finance, SINCE[:, None], PRICE[:, None])
    for i in range(count):
        one = lease.model_copy(update={name: float(column[i]) for name, column in columns.items()})
        alone = dict(lines(flows(one, finance)))
        for name, line in lines(wide):
            expected = alone[name]
            size = max(1e-12, float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0)))
            assert line.shape[:-1] == expected.shape, name
            np.testing.assert_allclose(line[..., i], expected, rtol=1e-12, atol=1e-12 * size, err_msg=f"{name} {i}")


def test_a_few_terms_may_differ_and_the_others_be_shared():
    lease = random_lease(5)
    share = np.array([0.2, 0.5])
    wide = lease_cash_flows(many(lease, ltc=share), UNTAXED, SINCE[:, None], PRICE[:, None])
    for i, ltc in enumerate(share):
        alone = dict(lines(flows(lease.model_copy(update={"ltc": float(ltc)}))))
        for name, line in lines(wide):
            np.testing.assert_allclose(line[..., i], alone[name], rtol=1e-12, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("count", [1, PER_BLOCK - 1, PER_BLOCK, PER_BLOCK + 1, 3 * PER_BLOCK + 7])
def test_blocks_hold_each_lease_once_and_in_its_place(count):
    held = np.concatenate([np.arange(count)[at] for at in block_places(count)])
    np.testing.assert_array_equal(held, np.arange(count))
    rents = np.linspace(0, 200, count)
    rents[:PER_BLOCK] = 0.0  # a block in which nobody pays, before others who do
    lease = Lease(name="Many", tenant="Acme", critical_it_mw=50.0, rent_usd_per_kw_month=1.0, prepaid_rent_months=2.0)
    wide = lease_cash_flows(many(lease, rent_usd_per_kw_month=rents), UNTAXED, SINCE[:, None], PRICE[:, None])
    np.testing.assert_allclose(wide.prepayment_usd.sum(axis=0), 2000 * rents, rtol=1e-12)
    one = flows(lease)
    np.testing.assert_allclose(wide.rent_usd, one.rent_usd[:, None] * rents, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(wide.service_usd[:, rents == 0], 0.0, atol=0)


@pytest.mark.parametrize(
    ("columns", "field", "rule"),
    [
        ({"rent": np.ones(2)}, "rent", "is not a term that can differ"),
        ({"term_years": np.ones(2)}, "term_years", "is not a term that can differ"),
        ({"ltc": np.ones((2, 2))}, "ltc", "is not one number per lease"),
        ({"ltc": np.ones(2), "dscr": np.ones(3)}, "dscr", "is not one number per lease"),
        ({"ltc": np.array([0.5, 1.5])}, "ltc[1]", "is out of bounds"),
        ({"ltc": np.array([0.5, np.nan])}, "ltc[1]", "is out of bounds"),
        ({"dscr": np.array([0.9])}, "dscr[0]", "is out of bounds"),
    ],
)
def test_columns_that_are_no_terms_are_refused_by_name(columns, field, rule):
    with pytest.raises(InputFaultsError) as refused:
        many(random_lease(1), **columns)
    faults = {fault.field: fault for fault in refused.value.faults}
    assert faults[field].rule == rule
    assert faults[field].remedy
