"""The end of a lease, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.exit_value import AfterTerm, ExitValue, held_share, net_sale_usd
from models.lease import LeaseCashFlows, lease_cash_flows
from models.returns import Finance
from tests.models.offers import months_for, offer


def test_a_hall_is_sold_at_next_years_noi_over_the_cap_rate_less_cost():
    # 1.6 M a year at 8 % is 20 M; 2 % of it goes to brokers.
    terms = ExitValue(after_term=AfterTerm.SOLD, exit_cap_rate=0.08, selling_cost_share=0.02)
    assert net_sale_usd(terms, np.array([1.6e6]))[0] == pytest.approx(19.6e6, rel=1e-12)


def test_a_hall_that_loses_money_is_given_away_and_not_paid_for():
    terms = ExitValue(after_term=AfterTerm.SOLD)
    assert net_sale_usd(terms, np.array([-5e5]))[0] == 0.0


@pytest.mark.parametrize("after", [AfterTerm.BACK_TO_MINING, AfterTerm.NOTHING])
def test_what_is_not_sold_brings_nothing(after):
    assert not net_sale_usd(ExitValue(after_term=after), np.array([1.6e6, 2e6])).any()


@pytest.mark.parametrize(("change", "sign"), [({"exit_cap_rate": 0.07}, 1), ({"selling_cost_share": 0.05}, -1)])
def test_a_lower_yield_brings_more_and_a_dearer_sale_less(change, sign):
    noi = np.array([1e6])
    base = net_sale_usd(ExitValue(after_term=AfterTerm.SOLD), noi)[0]
    assert sign * (net_sale_usd(ExitValue(after_term=AfterTerm.SOLD, **change), noi)[0] - base) > 0


# The end of a stay, weighed with its chances


def by_month(lease, line: str, finance: Finance | None = None) -> dict[float, float]:
    """What a line of one critical IT MW is in each month since delivery, where it is not nothing."""
    since = months_for(lease)
    flows: LeaseCashFlows = lease_cash_flows(lease, finance or Finance(tax_rate=0.0), since, np.zeros_like(since))
    return {float(k): float(x) for k, x in zip(since, getattr(flows, line), strict=True) if abs(x) > 1e-9}


SALE = {"after_term": "sold", "exit_cap_rate": 0.08, "selling_cost_share": 0.02}
PRICE = 12 * 100_000 * 0.95 / 0.08 * 0.98
"""Of a hall at the flat rent of 100 USD/kW-month that every offer here has."""


def test_a_tenant_that_leaves_with_the_base_term_leaves_a_hall_to_be_sold_then():
    assert by_month(offer(**SALE), "sale_usd") == pytest.approx({120: PRICE}, rel=1e-12)


def test_a_sale_is_weighed_over_the_ends_of_the_base_term_and_of_each_option():
    """Options of 5 years at 60 % and 0.9 of the rent: 40 % leave after 10 years, 24 % after 15, 36 % after 20."""
    lease = offer(**SALE, renewal_options=2, renewal_years=5, renewal_probability=0.6, renewal_rent_ratio=0.9)
    expected = {120: 0.4 * 0.9 * PRICE, 180: 0.24 * 0.9 * PRICE, 240: 0.36 * 0.9 * PRICE}
    assert by_month(lease, "sale_usd") == pytest.approx(expected, rel=1e-12)


def test_an_option_that_is_used_for_sure_moves_the_sale_and_one_that_never_is_does_not():
    sure = offer(**SALE, renewal_options=1, renewal_years=4, renewal_probability=1.0)
    assert by_month(sure, "sale_usd") == pytest.approx({168: PRICE}, rel=1e-12)
    never = offer(**SALE, renewal_options=1, renewal_years=4, renewal_probability=0.0)
    assert by_month(never, "sale_usd") == pytest.approx({120: PRICE}, rel=1e-12)


def test_a_hall_whose_tenant_defaulted_is_sold_at_the_next_tenant_s_rent_or_brings_nothing():
    """5 % a year: 0.95^10 stand after the base term; of the rest all but the last year's are let at 0.7 of it."""
    lease = offer(
        **SALE, tenant_default_per_year=0.05, reletting_months=12, reletting_rent_ratio=0.7,
        renewal_options=1, renewal_years=5, renewal_probability=0.5,
    )  # fmt: skip
    stands, relet = 0.95**10, 1 - 0.95**9
    expected = {120: (0.5 * stands + 0.7 * relet) * PRICE, 180: 0.5 * 0.95**15 * PRICE}
    assert by_month(lease, "sale_usd") == pytest.approx(expected, rel=1e-12)


def test_a_renewal_that_would_lose_money_is_given_away_and_takes_nothing_from_the_others():
    lease = offer(
        **SALE, recovery="modified gross", running_cost_usd_per_kw_month=80.0, running_cost_growth_per_year=0.0,
        tenant_default_per_year=0.05, reletting_months=0, reletting_rent_ratio=0.5,
    )  # fmt: skip
    # 95 - 80 a month from the tenant, 47.5 - 80 from the next one.
    expected = 0.95**10 * 12 * 15_000 / 0.08 * 0.98
    assert by_month(lease, "sale_usd") == pytest.approx({120: expected}, rel=1e-12)


@pytest.mark.parametrize("after", ["sold", "back to mining"])
def test_what_is_left_of_the_cost_is_written_off_with_the_chance_that_the_stay_ends(after):
    """Shell alone, 1/39 a year of 8 M: half end after 10 years with 29/39 left, half after 15 with 24/39."""
    shell = Finance(tax_rate=0.0, data_centre_short_life_share=0.0, data_centre_fifteen_year_share=0.0)
    lease = offer(after_term=after, renewal_options=1, renewal_years=5, renewal_probability=0.5)
    found, a_month = by_month(lease, "depreciation_usd", shell), 8e6 / 39 / 12
    assert found[119] == pytest.approx(a_month, rel=1e-9)
    assert found[120] == pytest.approx(a_month + 0.5 * 8e6 * 29 / 39, rel=1e-9)
    assert found[121] == pytest.approx(0.5 * a_month, rel=1e-9)
    assert found[180] == pytest.approx(0.5 * a_month + 0.5 * 8e6 * 24 / 39, rel=1e-9)
    assert max(found) == 180
    assert sum(found.values()) == pytest.approx(8e6, rel=1e-9)


@pytest.mark.parametrize(("after", "empty"), [("none", 0.5), ("sold", 0.0), ("back to mining", 0.0)])
def test_a_hall_that_stands_empty_after_its_tenant_left_bears_its_running_cost(after, empty):
    lease = offer(
        after_term=after, renewal_options=1, renewal_years=5, renewal_probability=0.5,
        running_cost_usd_per_kw_month=10.0, running_cost_growth_per_year=0.0,
    )  # fmt: skip
    expected = dict.fromkeys(range(121, 181), empty * 10_000) if empty else {}
    assert by_month(lease, "running_cost_usd") == pytest.approx(expected, rel=1e-12)
    gross = lease.model_copy(update={"recovery": "modified gross"})
    borne = by_month(gross, "running_cost_usd")
    assert borne[120] == pytest.approx(10_000, rel=1e-12)
    assert borne[121] == pytest.approx((0.5 + empty) * 10_000, rel=1e-12)


def test_a_stay_goes_on_for_the_base_term_and_then_with_its_tenant():
    months, in_place = np.array([0.0, 12.0, 13.0, 24.0, 25.0]), np.array([0.0, 0.8, 0.4, 0.3, 0.0])
    for after, expected in (("sold", [1, 1, 0.4, 0.3, 0]), ("none", [1, 1, 1, 1, 0])):
        found = held_share(ExitValue(after_term=after), in_place, months, base_months=12, stay=24)
        np.testing.assert_allclose(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("renewed", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("defaulting", [0.0, 0.03])
def test_the_sale_is_worth_the_mean_of_the_sales_of_every_fate_of_the_tenant(renewed, defaulting):
    """Drawn by hand: each fate (year of default or none, options used) with its chance, and the sale that it brings."""
    lease = offer(
        **SALE, renewal_options=2, renewal_years=1, renewal_probability=renewed, tenant_default_per_year=defaulting,
        reletting_months=240, escalator_per_year=0.02,
    )  # fmt: skip
    rent = [PRICE * 1.02**year for year in (10, 11, 12)]
    expected: dict[float, float] = {}
    for used, year in enumerate((10, 11, 12)):
        chance = renewed**used * (1 - renewed if used < 2 else 1.0) * (1 - defaulting) ** year
        if chance > 0:
            expected[12.0 * year] = chance * rent[used]
    assert by_month(lease, "sale_usd") == pytest.approx(expected, rel=1e-9)
