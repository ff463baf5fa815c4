"""An offer beside the signed deals: bands, what is never compared, and the notes of River Bend."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy_financial as npf
import pytest

from models.deals import MEASURES, DealKind, Place, band, colocation_deals, compare, deal_named, deals, notes_figures
from models.lease import Lease
from models.rent import Recovery
from tests.models.offers import sheet_of

TABLE = Path(__file__).parent.parent.parent / "models" / "deals.csv"


def offer(**changes) -> Lease:
    given = {"name": "Offer", "tenant": "Tenant", "critical_it_mw": 245.0, "rent_usd_per_kw_month": 128.0, **changes}
    return Lease.model_validate(given)


def measure(key: str):
    return next(m for m in MEASURES if m.key == key)


def place(key: str, **changes) -> Place:
    return next(c.place for c in compare(offer(**changes)) if c.measure.key == key)


def test_every_deal_keeps_its_source():
    for deal in deals():
        assert deal.source.startswith("http") or "://" in deal.source, deal.deal_id
        assert deal.source_date, deal.deal_id


def test_gpu_cloud_and_unsigned_rows_are_in_no_band():
    ids = {deal.deal_id for deal in colocation_deals()}
    assert "IREN-MSFT" not in ids  # 808 USD/kW-month: it sells the GPUs
    assert "IREN-NVDA" not in ids
    assert not ids & {"BTDR-TYDAL", "KEEL-WA", "CLSK", "SLNH-KATI2"}
    assert deal_named("IREN-MSFT").kind is DealKind.GPU_CLOUD
    for m in MEASURES:
        found = band(m)
        assert found is None or not {found.lowest, found.highest} & {"IREN-MSFT", "IREN-NVDA"}


def test_megawatts_of_unclear_kind_give_no_figure_per_kilowatt():
    # Cipher's AWS lease says "300 MW", Bitzero's "110 MW", of which kind neither says.
    for deal_id in ("CIFR-AWS", "BITZ-OQ"):
        deal = deal_named(deal_id)
        assert deal.first_year_rent_usd_per_kw_month is None
        assert "critical IT or gross" in deal.not_compared_because


def test_first_year_and_average_rents_are_the_published_contracts_by_hand():
    # River Bend: 7.0 bn, 245 MW, 15 years, 3 %: 7e9 x 0.03 / (1.03^15 - 1) / 12 / 245,000 kW.
    river_bend = deal_named("HUT-RB")
    by_hand = 7.0e9 * 0.03 / (1.03**15 - 1) / 12 / 245_000
    assert river_bend.first_year_rent_usd_per_kw_month == pytest.approx(by_hand, rel=1e-12)
    assert river_bend.average_rent_usd_per_kw_month == pytest.approx(7.0e9 / 15 / 12 / 245_000, rel=1e-12)


def test_averages_agree_with_those_derived_in_the_table():
    with TABLE.open(encoding="utf-8") as table:
        stated = {row["deal_id"]: row["avg_rent_usd_per_kw_month_derived"] for row in csv.DictReader(table)}
    compared = [d for d in colocation_deals() if d.average_rent_usd_per_kw_month is not None]
    assert len(compared) >= 10
    for deal in compared:
        assert deal.average_rent_usd_per_kw_month == pytest.approx(float(stated[deal.deal_id]), abs=0.06)


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        # contract averages and provisioning ratios of the sourced ranges (104-188; 1.35-1.52); coupons 6.13-9.25 %
        ("average_rent_usd_per_kw_month", 311e6 / 10 / 12 / 25_000, 9.5e9 / 25 / 12 / 168_000),
        ("provisioning_ratio", 330 / 245, 800 / 526),
        ("debt_rate", 0.06129, 0.0925),
        ("ltc", 0.70, 0.85),
        ("capex_usd_per_mw", 89.8e6 / 25, 1.75e9 / 133),
    ],
)
def test_bands_are_the_ends_of_the_published_figures(key, low, high):
    found = band(measure(key))
    assert found.low == pytest.approx(low, rel=1e-9)
    assert found.high == pytest.approx(high, rel=1e-9)


def test_margins_are_compared_with_deals_of_the_same_structure():
    assert band(measure("noi_margin"), Recovery.MODIFIED_GROSS).low == 0.80
    assert band(measure("noi_margin"), Recovery.MODIFIED_GROSS).high == 0.90
    assert place("noi_margin", noi_margin=0.85, recovery="modified gross") is Place.INSIDE
    assert place("noi_margin", noi_margin=0.85, recovery="nnn") is Place.BELOW
    assert place("noi_margin", noi_margin=0.95, recovery="modified gross") is Place.ABOVE


def test_a_figure_at_the_end_of_a_band_is_inside_and_beyond_it_is_not():
    end = band(measure("rent_usd_per_kw_month")).high
    assert place("rent_usd_per_kw_month", rent_usd_per_kw_month=end) is Place.INSIDE
    assert place("rent_usd_per_kw_month", rent_usd_per_kw_month=end * 1.0001) is Place.ABOVE
    assert place("ltc", ltc=0.9) is Place.ABOVE
    assert place("term_years", term_years=5) is Place.BELOW


def test_the_notes_of_river_bend_cover_as_lenders_say():
    # 3.25 bn at 6.192 %, 30 semi-annual payments: numpy-financial's payment; first-year NOI 376.3 x 0.986.
    found = notes_figures(deal_named("HUT-RB"), offer(noi_margin=0.986, capex_usd_per_kw=11_500.0))
    payment = -2 * npf.pmt(0.06192 / 2, 30, 3.25e9)
    assert payment == pytest.approx(335.8e6, abs=0.1e6)
    assert found.level_payment_usd_per_year == pytest.approx(payment, rel=1e-9)
    noi = 128.0 * 245_000 * 12 * 0.986
    assert found.first_year_level_cover == pytest.approx(noi / payment, rel=1e-9)
    assert found.first_year_level_cover == pytest.approx(1.10, abs=0.01)
    worth = sum(npf.pv(0.06192 / 2, n, 0, -noi / 2 * 1.03 ** ((n - 1) // 2)) for n in range(1, 31))
    assert found.sculpted_cover == pytest.approx(worth / 3.25e9, rel=1e-9)
    assert found.sculpted_cover == pytest.approx(1.33, abs=0.01)
    assert found.yield_on_sponsor_cost == pytest.approx(noi / (11_500.0 * 245_000), rel=1e-12)
    # 16 months at 6.192 % on 3.25 bn before the first rent: 268.3 M on top of 2,817.5 M of construction.
    assert found.yield_on_funded_cost == pytest.approx(noi / (2_817.5e6 + 268.32e6), rel=1e-9)
    assert found.debt_yield == pytest.approx(noi / 3.25e9, rel=1e-12)


def test_listed_rents_and_free_months_reach_the_cover_of_the_notes():
    """Eight free months, then rents of 1.0, 1.5, 1.2 and 3 % more each year, running costs of 10 under modified gross.

    At each date of payment the NOI of the six months before it: none but costs at the first, four rents at the second.
    """
    lease = offer(
        rent_by_year=(1.0, 1.5, 1.2), free_rent_months=8, recovery="modified gross", noi_margin=0.9, term_years=10,
        running_cost_usd_per_kw_month=10.0, running_cost_growth_per_year=0.02, escalator_per_year=0.03,
        contingency_share=0.1, tenant_capex_share=0.4, capex_usd_per_kw=10_000.0, build_months=12,
    )  # fmt: skip
    found = notes_figures(deal_named("HUT-RB"), lease)
    rents = [1.0, 1.5, *(1.2 * 1.03**n for n in range(8))]
    worth = 0.0
    for month in range(1, 121):
        year = (month - 1) // 12
        noi = (128.0 * rents[year] * 0.9 if month > 8 else 0.0) - 10.0 * 1.02**year
        worth += 245_000 * noi / (1 + 0.06192 / 2) ** -(-month // 6)
    assert found.sculpted_cover == pytest.approx(worth / 3.25e9, rel=1e-9)
    noi = 245_000 * 12 * (128.0 * 0.9 - 10.0)
    cost = 245_000 * 10_000 * 1.1 * 0.6
    assert found.yield_on_sponsor_cost == pytest.approx(noi / cost, rel=1e-12)
    assert found.yield_on_funded_cost == pytest.approx(noi / (cost + 3.25e9 * 0.06192 * 20 / 12), rel=1e-12)


def test_the_margin_beside_the_deals_is_the_sponsor_s_own():
    # Two thirds of the capacity used, first rent in year two at 1.4: 95 % of it less 6.12 a month of running cost.
    lease = offer(
        rent_usd_per_kw_month=100.0, expected_use=2 / 3, take_or_pay_share=0.5, rent_by_year=(1.0, 1.4),
        noi_margin=0.95, free_rent_months=12, recovery="modified gross", running_cost_usd_per_kw_month=6.0,
        running_cost_growth_per_year=0.02,
    )  # fmt: skip
    expected = 0.95 - 6.12 / (100.0 * 1.4 * 2 / 3)
    found = next(c.value for c in compare(lease) if c.measure.key == "noi_margin")
    assert found == pytest.approx(expected, rel=1e-12)
    assert sheet_of(lease).sponsor.noi_margin == pytest.approx(expected, rel=1e-12)


def test_an_offer_on_the_terms_of_a_signed_deal_is_inside_at_each_margin_that_the_deal_states():
    # Barber Lake's expansion: 830 M over 10 years for 39 MW, 3 %, modified gross, margin stated as 85-90 %.
    by_hand = 830e6 * 0.03 / (1.03**10 - 1) / 39 * 0.90
    assert band(measure("noi_usd_per_mw_year")).high == pytest.approx(by_hand, rel=1e-12)
    terms = {"rent_usd_per_kw_month": deal_named("CIFR-FS2").first_year_rent_usd_per_kw_month, "term_years": 10,
             "recovery": "modified gross", "provisioning_ratio": 56 / 39, "capex_usd_per_kw": 9_500.0}  # fmt: skip
    for margin in (0.85, 0.90):
        outside = [c.measure.key for c in compare(offer(**terms, noi_margin=margin)) if c.place is not Place.INSIDE]
        assert outside == []
    assert place("noi_usd_per_mw_year", **terms, noi_margin=0.91) is Place.ABOVE


def test_notes_that_pay_for_more_than_the_deal_are_set_beside_all_that_they_pay_for():
    # TeraWulf's 3.2 bn at 7.75 % builds Lake Mariner's 200 MW and CB-5's 160: NOI of 360 MW serves it, not of 200.
    found = notes_figures(deal_named("WULF-LM"), offer(rent_usd_per_kw_month=134.0, noi_margin=0.85, term_years=10))
    assert found.debt_yield == pytest.approx(134.0 * 360_000 * 12 * 0.85 / 3.2e9, rel=1e-12)
    assert found.first_year_level_cover > 1.0


def test_a_deal_without_notes_has_no_figures_of_them():
    assert notes_figures(deal_named("CIFR-AWS"), offer()) is None
