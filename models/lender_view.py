"""An offer as its lender quotes it: loan to cost, debt yield, cover, and the same loan paid level and sculpted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.debt import SizedBy, level_payment, monthly_rate, tenor_months
from models.lease import Lease, LeaseCashFlows
from models.timeline import MONTHS_PER_YEAR, Vector

CENT_USD = 0.01
"""Less debt than this on a megawatt is rounding: there is no loan."""
DUST = 1e-6
"""Service below this share of its largest month is rounding, and no cover is stated for it."""


@dataclass(frozen=True)
class LenderView:
    """Figures of the loan as contracted, the tenant in place. Ratios are ``None`` without debt; a reason says why."""

    debt_usd: float
    """For the whole offer, when rent begins."""
    debt_usd_per_critical_it_mw: float
    ltc_achieved: float
    sized_by: SizedBy
    debt_yield: float | None
    debt_yield_reason: str
    cover_reason: str
    """Why there is no cover and no service; empty where there is."""
    minimum_dscr: float | None
    average_dscr: float | None
    level_service_usd_per_year: float | None
    level_first_year_cover: float | None
    sculpted_cover: float | None
    tenor_years: float
    balance_at_maturity_usd: float
    cover_by_year: tuple[tuple[int, float, float, float | None], ...]
    """(year since the first delivery, CFADS, debt service, cover) for the whole offer, as contracted."""


def debt_yield(noi_usd_per_year: float, debt_usd: float) -> float:
    """Stabilised NOI over debt: what the lender would earn on its loan as the owner."""
    return noi_usd_per_year / debt_usd


def level_service_usd_per_year(
    debt_usd: float,
    debt_rate: float,
    years: float,
    payments_per_year: int = MONTHS_PER_YEAR,
    balloon_share: float = 0.0,
) -> float:
    """Payments of a year if the loan is paid level: the annuity of ``debt less PV(balloon)``, times payments a year.

    >>> round(level_service_usd_per_year(3.25e9, 0.06192, 15, 2) / 1e6, 1)  # River Bend's notes, USD million
    335.8
    """
    rate, periods = debt_rate / payments_per_year, round(years * payments_per_year)
    repaid = debt_usd * (1.0 - balloon_share * (1.0 + rate) ** -periods)
    return payments_per_year * level_payment(repaid, rate, periods)


def level_first_year_cover(noi_usd_per_year: float, level_service_usd_per_year: float) -> float:
    """Stabilised NOI over the level service of a year: the thinnest year of a rent that steps up."""
    return noi_usd_per_year / level_service_usd_per_year


def sculpted_cover(worth_usd: float, debt_usd: float, debt_rate: float, months: int, balloon_share: float) -> float:
    """The one cover at which service that follows CFADS repays the loan: ``PV(CFADS) / (debt - PV(balloon))``."""
    repaid = 1.0 - balloon_share * (1.0 + monthly_rate(debt_rate)) ** -float(months)
    return float(worth_usd / (debt_usd * repaid))


def cover_by_month(cfads_usd: Vector, service_usd: Vector) -> Vector:
    """CFADS over service in each month that has service; empty without any."""
    due = service_usd > DUST * max(1.0, float(service_usd.max(initial=0.0)))
    return np.asarray(cfads_usd[due] / service_usd[due])


def lender_view(
    lease: Lease, flows: LeaseCashFlows, months_since_agreed: Vector, noi_usd_per_year: float
) -> LenderView:
    """Every figure of the lender; ``flows`` of a lease that comes about for sure, NOI stabilised per critical IT MW."""
    debt, balloon = float(flows.hall_debt.debt_usd), lease.balloon_share
    months = tenor_months(lease, lease.term_years, lease.free_rent_months)
    level = level_service_usd_per_year(debt, lease.debt_rate, months / MONTHS_PER_YEAR, balloon_share=balloon)
    none = "" if debt > CENT_USD else _no_debt(flows.hall_sizing.limited_by)
    no_cover = none or ("" if level > 0 else "no cover: nothing is due before maturity")
    cfads, service = flows.cfads_usd, flows.service_usd
    cover = cover_by_month(cfads, service)
    worth = float(flows.hall_sizing.worth_usd)
    return LenderView(
        debt_usd=debt * lease.critical_it_mw,
        debt_usd_per_critical_it_mw=debt,
        ltc_achieved=float(flows.hall_debt.ltc),
        sized_by=sized_by(lease, flows),
        debt_yield=None if none else debt_yield(noi_usd_per_year, debt),
        debt_yield_reason=none,
        cover_reason=no_cover,
        minimum_dscr=float(cover.min()) if cover.size else None,
        average_dscr=float(cover.mean()) if cover.size else None,
        level_service_usd_per_year=None if no_cover else level * lease.critical_it_mw,
        level_first_year_cover=None if no_cover else level_first_year_cover(noi_usd_per_year, level),
        sculpted_cover=None if no_cover else sculpted_cover(worth, debt, lease.debt_rate, months, balloon),
        tenor_years=months / MONTHS_PER_YEAR,
        balance_at_maturity_usd=lease.balloon_share * debt * lease.critical_it_mw,
        cover_by_year=_cover_by_year(cfads * lease.critical_it_mw, service * lease.critical_it_mw, months_since_agreed),
    )


def sized_by(lease: Lease, flows: LeaseCashFlows) -> SizedBy:
    """What limits the loan; with equity first the dollars of that limit, which is not itself reached."""
    limit = flows.hall_sizing.limited_by
    if not lease.equity_first:
        return limit
    return {SizedBy.LTC: SizedBy.LTC_IN_DOLLARS, SizedBy.DSCR: SizedBy.DSCR_IN_DOLLARS}.get(limit, limit)


def _no_debt(limit: SizedBy) -> str:
    if limit is SizedBy.DSCR:
        return "no debt: some month has no cash that could serve it"
    return str(limit) if str(limit).startswith("no debt") else "no debt: the terms allow none"


def _cover_by_year(cfads: Vector, service: Vector, since: Vector) -> tuple[tuple[int, float, float, float | None], ...]:
    """Years since the agreed first delivery until neither cash nor service is left."""
    running = np.flatnonzero((since >= 1) & ((cfads != 0) | (service > 0)))
    if not running.size:
        return ()
    years = int(-(-since[running[-1]] // MONTHS_PER_YEAR))
    found = []
    for year in range(1, years + 1):
        inside = (since > MONTHS_PER_YEAR * (year - 1)) & (since <= MONTHS_PER_YEAR * year)
        earned, due = float(cfads[inside].sum()), float(service[inside].sum())
        found.append((year, earned, due, earned / due if due > DUST else None))
    return tuple(found)
