"""What a limit is worth in one quarter, against solving the case again with that quarter's amount changed."""

from __future__ import annotations

from datetime import date

import pytest

from allocator.allocation import allocate
from allocator.explain import quarterly_prices, tight_quarters
from models.timeline import add_months
from tests.allocator import small

STEP = 1.0


def with_grid(amounts: list[float], **policy):
    """A small case whose grid is given quarter by quarter."""
    stages = [
        {"from": add_months(small.VALUATION, 3 * quarter), "grid_mw": amount} for quarter, amount in enumerate(amounts)
    ]
    stages.insert(0, {"from": date(2020, 1, 1), "grid_mw": amounts[0]})
    return small.case(site={"grid_mw": stages}, policy={"capital_usd": 9e7, **policy})


def limit_of(plan, key: str):
    (found,) = [limit for limit in plan.program.limits if limit.key == key]
    return found


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_a_price_of_the_grid_in_one_quarter_is_what_one_mw_more_or_less_in_that_quarter_changes(share):
    amounts = [12.0] * 20
    plan = allocate(with_grid(amounts, max_hosting_share=share))
    prices = quarterly_prices(plan, limit_of(plan, "grid"))
    assert prices
    assert {price.quarter for price in prices} <= set(tight_quarters(plan, limit_of(plan, "grid")))
    assert len({price.quarter for price in prices}) == len(prices), "a quarter has one price"
    for price in prices[:4]:
        for step in (STEP, -STEP):
            changed = [mw + step * (quarter == price.quarter) for quarter, mw in enumerate(amounts)]
            again = allocate(with_grid(changed, max_hosting_share=share))
            assert abs(again.npv_usd - plan.npv_usd) / STEP == pytest.approx(price.usd_per_unit, rel=2e-3, abs=1.0)


@pytest.mark.parametrize("key", ["fleet__0", "offer__0", "treasury"])
def test_what_is_there_once_has_no_quarters(key):
    plan = allocate(small.case(policy={"capital_usd": 9e6, "treasury_btc": 50}))
    assert quarterly_prices(plan, limit_of(plan, key)) == ()
    assert tight_quarters(plan, limit_of(plan, key)) == ()
