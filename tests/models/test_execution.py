"""What becomes of a lease, against survival functions, and its worth in each outcome, against the expected lease."""

from __future__ import annotations

from math import exp, factorial

import numpy as np
import pytest

from allocator.activities import Kind, activities
from allocator.case import Case
from models.capex import LONGEST_DELAY_MONTHS
from models.execution import Chances, ExecutionModel, OutcomeValues, year_masks
from models.lease import Lease, Recovery, lease_cash_flows
from models.power import paid_price_usd_per_mwh
from models.scenarios import PATHS_PER_BLOCK, Risk
from models.timeline import discount_factors
from tests.allocator import small

ERRORS = 4.0
"""Standard errors within which a frequency or a mean must lie."""
RATE = 0.07


def lease(**changed) -> Lease:
    return Lease.model_validate(small.lease(**changed))


def case_of(**terms) -> Case:
    return small.case(
        horizon_years=8, fleets=[], purchases=[], leases=[small.lease(latest_start="2028Q2", **terms)],
        power={"price_usd_per_mwh": 40},
    )  # fmt: skip


def drawn(chances: Chances, blocks: int = 8, of: Lease | None = None, position: int = 0, seed: int = 11):
    model = ExecutionModel(chances, of or lease(), seed, position)
    parts = [model.block(b) for b in range(blocks)]
    return tuple(np.concatenate([getattr(p, f) for p in parts]) for f in ("delay_months", "cancelled", "paid_quarters"))


def assert_share(happened: np.ndarray, chance: float) -> None:
    assert abs(happened.mean() - chance) <= ERRORS * (chance * (1 - chance) / len(happened)) ** 0.5


def assert_mean(sample: np.ndarray, expected: float) -> None:
    error = sample.std(ddof=1) / np.sqrt(len(sample))
    assert abs(sample.mean() - expected) <= ERRORS * error


# What happens


def surviving(shape: int, scale: float, months: float) -> float:
    """Chance that a gamma variate of whole shape is above: ``e^-y sum_{i < shape} y^i / i!`` (Erlang)."""
    y = months / scale
    return exp(-y) * sum(y**i / factorial(i) for i in range(shape))


@pytest.mark.parametrize(("shape", "scale"), [(1, 3.0), (4, 1.5), (9, 2 / 3)])
def test_delays_are_gamma_distributed_in_whole_months(shape, scale):
    mean, deviation = shape * scale, shape**0.5 * scale
    delay = drawn(Chances(mean, deviation, 0.0, 0.0))[0]
    above = [surviving(shape, scale, k + 0.5) for k in range(LONGEST_DELAY_MONTHS)]
    for k in (0, 1, 3, 6, 10):
        assert_share(delay > k, above[k])
    rounded = sum(above)  # E[N] = sum P(N > k)
    second = sum((2 * k + 1) * s for k, s in enumerate(above))
    assert_mean(delay.astype(float), rounded)
    assert_mean((delay - rounded) ** 2, second - rounded**2)
    # Whole months move the mean by at most 1 % here, and add at most the variance of rounding, 1 / 12.
    assert rounded == pytest.approx(mean, rel=0.01)
    assert second - rounded**2 == pytest.approx(deviation**2 + 1 / 12, rel=0.015)


def test_a_delay_without_deviation_is_certain_and_none_is_none():
    assert set(drawn(Chances(6.0, 0.0, 0.0, 0.0), 1)[0]) == {6}
    assert set(drawn(Chances(0.0, 0.0, 0.0, 0.0), 1)[0]) == {0}


def test_no_delay_is_longer_than_a_case_may_state():
    delay = drawn(Chances(36.0, 36.0, 0.0, 0.0))[0]
    assert delay.max() == LONGEST_DELAY_MONTHS
    assert_share(delay == LONGEST_DELAY_MONTHS, exp(-(LONGEST_DELAY_MONTHS - 0.5) / 36))


def test_leases_fall_away_as_often_as_they_are_said_to():
    assert_share(drawn(Chances(3.0, 3.0, 0.07, 0.01))[1], 0.07)
    assert not drawn(Chances(3.0, 3.0, 0.0, 0.01), 1)[1].any()
    assert drawn(Chances(3.0, 3.0, 1.0, 0.01), 1)[1].all()


@pytest.mark.parametrize("default", [0.02, 0.3])
def test_tenants_default_with_the_same_chance_in_every_quarter_of_the_stay(default):
    of = lease(term_years=3)
    paid = drawn(Chances(0.0, 0.0, 0.0, default), of=of)[2]
    for quarters in range(1, 13):
        assert_share(paid >= quarters, (1 - default) ** (quarters / 4))
    assert paid.max() == 12
    assert set(drawn(Chances(0.0, 0.0, 0.0, 0.0), 1, of)[2]) == {12}


def test_the_stay_counts_renewals_that_have_a_chance():
    of = lease(term_years=3, renewal_options=2, renewal_years=4, renewal_probability=0.5)
    assert set(drawn(Chances(0.0, 0.0, 0.0, 0.0), 1, of)[2]) == {4 * 11}


def test_delay_cancellation_and_default_are_drawn_apart_and_each_lease_has_its_own():
    chances = Chances(6.0, 3.0, 0.3, 0.2)
    one, other = drawn(chances), drawn(chances, position=1)
    things = [a.astype(float) for a in (*one, *other)]
    matrix = np.corrcoef(things) - np.eye(6)
    assert np.abs(matrix).max() < ERRORS / np.sqrt(len(things[0]))


def test_the_first_paths_stay_what_they_are_when_more_are_drawn():
    model = ExecutionModel(Chances(6.0, 3.0, 0.3, 0.2), lease(), 5, 0)
    few, many = model.block(2, 100), model.block(2)
    for name in vars(few):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[:100])
    assert len(many.delay_months) == PATHS_PER_BLOCK


def test_a_lease_states_its_own_chances_or_takes_those_of_the_risk_table():
    risk = Risk(delay_mean_months=3, delay_deviation_months=4, cancellation_probability=0.03,
                tenant_default_per_year=0.01)  # fmt: skip
    assert Chances.of(lease(), risk) == Chances(3, 4, 0.03, 0.01)
    own = lease(delay_months=5, delay_spread_months=0, cancellation_probability=0.1, tenant_default_per_year=0.2)
    assert Chances.of(own, risk) == Chances(5, 0, 0.1, 0.2)
    held = Chances.of(own, risk)
    assert held.without(delay=True, cancellation=True, default=True) == Chances(5, 0, 0, 0)
    assert held.without() == held


# What it is then worth


def values_of(case: Case) -> OutcomeValues:
    found = [a.start for a in activities(case).items if a.kind is Kind.LEASE]
    power = paid_price_usd_per_mwh(case.power, case.timeline)
    return OutcomeValues(case.leases[0], case.finance, case.timeline, power, tuple(found))


TERMS = [
    pytest.param({}, id="plain"),
    pytest.param({"recovery": "gross"}, id="gross"),
    pytest.param({"prepaid_rent_months": 6, "late_damages_share": 1, "free_rent_months": 2,
                  "halls": [{"months_after_first": 0, "share": 0.3}, {"months_after_first": 5, "share": 0.7}]},
                 id="prepaid, halls of their own"),
    pytest.param({"term_years": 2, "renewal_options": 1, "renewal_years": 2, "renewal_probability": 0.6,
                  "termination_after_years": 1, "termination_probability": 0.2, "termination_fee_months": 6},
                 id="rights of the tenant"),
    pytest.param({"guarantor": "Big", "guarantor_cap_share": 0.4, "guarantor_warrants_usd": 1e6}, id="guarantor"),
]  # fmt: skip


@pytest.mark.parametrize("terms", TERMS)
def test_a_lease_to_which_nothing_happens_is_worth_what_its_activities_are(terms):
    case = case_of(**terms)
    choices = activities(case)
    weight = discount_factors(case.finance.discount_rate_risk, case.timeline.month_index)
    found = values_of(case).with_delay(0)[:, -1]
    np.testing.assert_allclose(found, weight @ choices.cash_flow_usd, rtol=1e-12)


def test_losses_are_used_at_once_even_where_the_case_carries_them_forward():
    at_once, carried = (
        small.case(horizon_years=8, leases=[small.lease(latest_start="2028Q2")], finance={"losses_used_by_parent": f})
        for f in (True, False)
    )
    np.testing.assert_array_equal(values_of(carried).with_delay(3), values_of(at_once).with_delay(3))
    np.testing.assert_array_equal(values_of(carried).cancelled(3), values_of(at_once).cancelled(3))


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("delay", [0, 7])
def test_over_the_quarters_of_default_it_is_the_expected_lease_but_for_a_third_of_a_quarter(terms, delay):
    """The expected lease has a chance of default each month, the paths at each quarter's end for the whole quarter.

    A tenant that pays ``j`` quarters for sure and drops out of quarter ``j + 1`` defaults one month too early in the
    mean of its months 1, 2, 3 (by 2, 1, 0); one counted as paying the quarter in which it drops out, one to three
    months too late. So the engine's expected value lies between, a third of the way up.
    """
    default = 0.05
    given = {"delay_months": delay, "tenant_default_per_year": default}
    case = case_of(**terms)
    values = values_of(case)
    by_quarters = values.with_delay(delay)
    quarters = by_quarters.shape[1] - 1
    reach = (1 - default) ** (np.arange(quarters + 1) / 4)
    chance = np.append(
        reach[:-1] - reach[1:], reach[-1]
    )  # of paying exactly 0, 1, .. quarters, and of never defaulting
    early = by_quarters @ chance
    late = by_quarters[:, np.minimum(np.arange(quarters + 1) + 1, quarters)] @ chance
    whole = case.leases[0].model_copy(update={**given, "ltc": 0.0})
    for row, start in enumerate(values.starts):
        since = case.timeline.month_index - 3 * start
        flows = lease_cash_flows(whole, case.finance, since, values.power_price_usd_per_mwh)
        weight = discount_factors(RATE, case.timeline.month_index)
        expected = float(weight @ flows.cash_flow_usd)
        assert early[row] != pytest.approx(late[row], rel=1e-4)
        assert (expected - early[row]) / (late[row] - early[row]) == pytest.approx(1 / 3, abs=0.06)
        # In money: no more than the rent of the whole stay times a month of the hazard.
        assert abs(expected - early[row]) <= default / 12 * float(weight @ flows.contract_rent_usd)


def test_over_every_month_of_default_it_is_the_expected_lease_to_the_last_digit():
    case = case_of(guarantor="Big", guarantor_cap_share=0.3)
    offer, months = case.leases[0], 36
    price = paid_price_usd_per_mwh(case.power, case.timeline)
    since = case.timeline.month_index - 12
    expected = offer.model_copy(update={"tenant_default_per_year": 0.08})
    after = (np.append(np.arange(months), 1e6) + 0.5) / 12
    each = offer.model_copy(update={"tenant_default_after_years": after})
    reach = 0.92 ** (np.arange(months + 1) / 12)
    chance = np.append(reach[:-1] - reach[1:], reach[-1])
    flows = lease_cash_flows(each, case.finance, since[:, None], price[:, None]).cash_flow_usd
    whole = lease_cash_flows(expected, case.finance, since, price).cash_flow_usd
    np.testing.assert_allclose(flows @ chance, whole, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("delay", [0, 9])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_lease_that_falls_away_loses_the_sunk_share_less_its_tax(share, delay):
    case = case_of(cancellation_sunk_share=share, contingency_share=0.1, prepaid_rent_months=3)
    offer, values = case.leases[0], values_of(case)
    build, cost = offer.build_months + delay, 1.1 * 1_000 * offer.capex_usd_per_kw
    found = values.cancelled(delay)

    def drawn_by(u: float) -> float:
        return u * u * (3 - 2 * u)

    for row, start in enumerate(values.starts):
        worth = 0.0
        for offset in (0, 3):  # two halls, a quarter apart
            delivery = 3 * start + offset + delay
            for i in range(1, build + 1):
                drawn = drawn_by(i / build) - drawn_by((i - 1) / build)
                worth -= 0.5 * share * cost * drawn * (1 + RATE) ** (-(delivery - build + i) / 12)
            worth += 0.5 * 0.21 * share * cost * (1 + RATE) ** (-delivery / 12)
        assert found[row] == pytest.approx(worth, rel=1e-12, abs=1e-6)


def test_cash_by_year_adds_up_to_the_value_where_nothing_is_discounted():
    case = small.case(horizon_years=8, leases=[small.lease(latest_start="2028Q2")], finance={"discount_rate_risk": 0})
    values = values_of(case)
    np.testing.assert_allclose(values.cash_by_year(4, 8).sum(axis=1), values.with_delay(4), rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(values.cancelled_cash_by_year(4, 8).sum(axis=1), values.cancelled(4), rtol=1e-12)


def test_the_first_day_counts_in_the_first_year_and_every_month_in_one():
    masks = year_masks(np.arange(25.0), 2)
    assert masks.sum(axis=1).tolist() == [13, 12]
    assert masks[:, [0, 1, 12, 13, 24]].tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]]


def test_the_power_bill_of_a_gross_lease_is_paid_by_the_landlord_until_the_tenant_stops():
    case = case_of(recovery="gross", deliveries=1, pue=1.2, load_factor=0.9, reletting_months=240)
    offer, values = case.leases[0], values_of(case)
    assert offer.recovery is Recovery.GROSS
    start = values.starts[0]
    bill = values.power_cost(2, start)
    hours = 365.25 * 24 / 12
    for paid in (0, 1, 5, 12):
        for month in range(case.timeline.months + 1):
            k = month - 3 * start - 2
            price = 40 * 1.02 ** (month / 12)
            expected = 1.2 * 0.9 * hours * price if 1 <= k <= 3 * paid else 0.0
            assert bill[month, paid] == pytest.approx(expected, rel=1e-12)
