"""Figures that belong together, each with its source: a day's market, the terms of a signed deal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from allocator.formats import day, rent
from allocator.market import shipped_snapshot
from models.deals import Deal, colocation_deals
from models.replay import history

KW_PER_MW = 1_000.0


@dataclass(frozen=True)
class Preset:
    """Values by field of one table, each with its source."""

    name: str
    values: tuple[tuple[str, float | int | str, str], ...]

    def edits(self, table: str) -> tuple[tuple[str, float | int | str, str], ...]:
        """The same as edits of a table of the case: path, value, source."""
        return tuple((f"{table}.{field}", value, source) for field, value, source in self.values)


@cache
def market_presets() -> tuple[Preset, ...]:
    """Days of which a bitcoin price is published, with the difficulty then in force; the newest first."""
    days = tuple(_market_days())
    return days[::-1]


def _market_days() -> Iterator[Preset]:
    difficulty = None
    for found in sorted(history(), key=lambda seen: (seen.day, seen.kind != "difficulty")):
        if found.kind == "difficulty":
            difficulty = found
        elif found.kind == "btc_price" and difficulty is not None:
            words = f"{day(found.day)} · BTC ${found.value:,.0f} · {difficulty.value / 1e12:,.2f} T"
            yield Preset(
                words,
                (
                    ("btc_price_usd", found.value, f"{found.quality}: {found.source}, {found.day}"),
                    ("difficulty", difficulty.value, f"{difficulty.quality}: {difficulty.source}, {difficulty.day}"),
                    (
                        "fee_share",
                        shipped_snapshot().fee_share,
                        f"assumed: {shipped_snapshot().fee_share:.1%} of the block reward, as in the shipped snapshot",
                    ),
                ),
            )


@cache
def deal_presets() -> tuple[Preset, ...]:
    """Signed colocation deals of which a rent can be told; what a deal does not state is left as it is."""
    return tuple(preset for deal in colocation_deals() if (preset := _terms_of(deal)))


def _terms_of(deal: Deal) -> Preset | None:
    first = deal.first_year_rent_usd_per_kw_month
    if first is None or deal.term_years is None:
        return None
    is_stated = deal.escalator_per_year is not None
    basis, origin = ("stated", deal.source) if is_stated else ("3 % assumed", "assumed: 3 % where none is stated")
    values = [
        ("rent_usd_per_kw_month", round(first, 2), f"derived: value of {deal.deal_id}, escalator {basis}"),
        ("term_years", deal.term_years, deal.source),
        ("escalator_per_year", deal.escalator, origin),
        ("noi_margin", deal.noi_margin, deal.source),
        ("recovery", None if deal.recovery is None else str(deal.recovery), deal.source),
        ("provisioning_ratio", _ratio(deal), "derived: facility over critical IT MW of the deal"),
        ("capex_usd_per_kw", _capex(deal), f"derived: middle of what {deal.landlord} states"),
        ("ltc", deal.ltc, deal.source),
        ("debt_rate", deal.coupon_per_year, deal.source),
        ("signed_deal", deal.deal_id, deal.source),
    ]
    told = tuple((field, value, source) for field, value, source in values if value is not None)
    return Preset(f"{deal.landlord} · {deal.tenant} · {rent(first)} · {deal.term_years} years", told)


def _ratio(deal: Deal) -> float | None:
    if deal.facility_mw is None or deal.critical_it_mw is None:
        return None
    return round(deal.facility_mw / deal.critical_it_mw, 4)


def _capex(deal: Deal) -> float | None:
    low, high = deal.capex_low_usd_per_mw, deal.capex_high_usd_per_mw
    return None if low is None or high is None else (low + high) / 2.0 / KW_PER_MW
