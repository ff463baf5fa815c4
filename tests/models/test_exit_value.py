"""The end of a lease, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.exit_value import AfterTerm, ExitValue, net_sale_usd


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
