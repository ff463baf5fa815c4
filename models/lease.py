"""A colocation lease, per critical IT MW of an offer: its cash flow by month, from contract to the owner's pocket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import capex, debt, exit_value, rent, tenancy
from models.assumptions import Fault, InputFaultsError, describe, read_table
from models.blocks import block_places, side_by_side
from models.capex import Construction
from models.debt import DebtSchedule, ProjectDebt, Sizing
from models.exit_value import AfterTerm, ExitValue
from models.offer import Offer
from models.rent import KW_PER_MW, Recovery, Rent
from models.returns import Finance
from models.tax import depreciation, tax, tax_carried_forward, yearly_rates
from models.tenancy import Tenancy
from models.timeline import MONTHS_PER_YEAR, Vector, due_in

__all__ = ["KW_PER_MW", "Lease", "LeaseCashFlows", "Recovery", "contract_value_usd", "lease_cash_flows", "many"]


class Lease(ProjectDebt, ExitValue, Tenancy, Construction, Rent, Offer):
    """An offer of a long-term lease, as on its term sheet: offer, rent, construction, tenancy, end, debt."""


@dataclass(frozen=True)
class LeaseCashFlows:
    """One critical IT MW of an offer by month, arrays (M + 1,) or, for n leases at once, (M + 1, n); USD.

    Expected values: weighted with the chances that the lease comes about, that the tenant is in place and that each
    option is used. Debt is sized and served as the contract stands (:attr:`cfads_usd`).
    """

    contract_rent_usd: Vector
    """Base rent if every option is used and nobody leaves."""
    rent_usd: Vector
    """Rent of the tenant, expected."""
    relet_rent_usd: Vector
    guarantor_usd: Vector
    termination_fee_usd: Vector
    running_cost_usd: Vector
    """Property tax, insurance, maintenance that the landlord bears."""
    power_cost_usd: Vector
    noi_usd: Vector
    prepayment_usd: Vector
    credit_usd: Vector
    """Prepayment and tenant's capex given back against rent."""
    late_damages_usd: Vector
    sale_usd: Vector
    capex_usd: Vector
    warrants_usd: Vector
    """Value of the guarantor's warrants: a cost of the owners, no cash."""
    depreciation_usd: Vector
    taxable_usd: Vector
    tax_usd: Vector
    cash_flow_usd: Vector
    """Unlevered, after tax."""
    cfads_usd: Vector
    """Cash flow available for debt service as the lender counts it: contract NOI less credits in the base term."""
    draw_usd: Vector
    fee_usd: Vector
    reserve_usd: Vector
    interest_usd: Vector
    service_usd: Vector
    balloon_usd: Vector
    balance_usd: Vector
    levered_taxable_usd: Vector
    levered_tax_usd: Vector
    equity_cash_flow_usd: Vector
    occupied_share: Vector
    """Share of the unit's facility MW that is not free for other uses during each month."""
    hall_debt: DebtSchedule
    """Debt of one critical IT MW of the first hall."""
    hall_sizing: Sizing


def many(lease: Lease, **columns: Vector) -> Lease:
    """A lease that stands for n leases: the terms named hold n numbers each, the others are shared.

    Raises
    ------
    InputFaultsError
        For a term that is not a number per lease, or numbers outside the term's bounds; every fault at once.
    """
    known, faults = describe(Lease), []
    lengths = {np.shape(column) for column in columns.values()}
    for name, column in columns.items():
        values = np.asarray(column)
        if name not in known or not isinstance(getattr(lease, name), float):
            faults.append(Fault(name, "", "is not a term that can differ", "give terms that are plain numbers"))
        elif values.ndim != 1 or len(lengths) > 1:
            faults.append(
                Fault(name, str(np.shape(column)), "is not one number per lease", "give arrays of one length")
            )
        else:
            # The extremes stand for all: the declaration's own check knows whether a bound itself is allowed.
            for where in dict.fromkeys((int(np.argmin(values)), int(np.argmax(values)))):
                refused: list[Fault] = []
                read_table(Lease, "", {**lease.model_dump(), name: float(values[where])}, refused)
                if refused:
                    bounds = known[name].bounds
                    faults.append(Fault(f"{name}[{where}]", f"{values[where]:g}", "is out of bounds", bounds))
    if faults:
        raise InputFaultsError(faults)
    return lease.model_copy(update={name: np.asarray(column, dtype=float) for name, column in columns.items()})


def contract_value_usd(lease: Lease) -> float:
    """All base rent over the base term for the whole offer, undiscounted."""
    months = np.arange(1.0, MONTHS_PER_YEAR * lease.term_years + 1)
    return float(rent.base_rent_usd(lease, months).sum() * lease.critical_it_mw)


def stabilised_noi_usd_per_year(lease: Lease, power_price_usd_per_mwh: float = 0.0) -> float:
    """NOI of one critical IT MW in the first full year of rent, as the contract stands."""
    first = np.array([lease.free_rent_months + 1.0])
    power = rent.power_cost_usd(lease, np.array([power_price_usd_per_mwh]))
    return float(contract_noi_usd(lease, first, _contract_rent(lease, first), power)[0] * MONTHS_PER_YEAR)


def occupied_months(lease: Lease) -> int:
    """Months from the agreed first delivery to the end of the last hall's last renewal."""
    stay = tenancy.longest_stay_months(lease, lease.term_years)
    return capex.last_delivery_offset_months(lease) + lease.delay_months + stay


def _contract_rent(lease: Lease, months_let: Vector) -> Vector:
    """Base rent, at the renewal's level after the base term; not yet cut off at the end."""
    renewed = months_let > MONTHS_PER_YEAR * lease.term_years
    return rent.base_rent_usd(lease, months_let) * np.where(renewed, lease.renewal_rent_ratio, 1.0)


def contract_noi_usd(lease: Lease, months_let: Vector, contract_rent_usd: Vector, power_usd: Vector) -> Vector:
    """``rent x margin - running cost, where the landlord bears it - power, under gross`` with the tenant in place."""
    borne = rent.running_cost_usd(lease, months_let) if rent.landlord_bears_running_cost(lease) else 0.0
    return np.asarray(contract_rent_usd * lease.noi_margin - (borne + power_usd))


def noi_margin(lease: Lease, noi_usd_per_year: float) -> float | None:
    """Stabilised NOI over twelve times the base rent of the first month in which it is paid; ``None`` without rent."""
    yearly = MONTHS_PER_YEAR * float(rent.base_rent_usd(lease, np.array([lease.free_rent_months + 1.0]))[0])
    return noi_usd_per_year / yearly if yearly > 0 else None


@dataclass(frozen=True)
class HallCashFlows:
    """Lines of one hall as if its lease came about for sure, named as those of :class:`LeaseCashFlows`; USD by month.

    Of n leases a line that is the same for all is a column, (M + 1, 1).
    """

    contract_rent_usd: Vector
    rent_usd: Vector
    relet_rent_usd: Vector
    guarantor_usd: Vector
    termination_fee_usd: Vector
    running_cost_usd: Vector
    power_cost_usd: Vector
    prepayment_usd: Vector
    credit_usd: Vector
    late_damages_usd: Vector
    sale_usd: Vector
    capex_usd: Vector
    depreciation_usd: Vector
    cfads_usd: Vector
    occupied_share: Vector


def hall_cash_flows(lease: Lease, finance: Finance, since: Vector, power_price: Vector) -> HallCashFlows:
    """Every line of the first hall before its debt; ``since`` counts months from its agreed delivery.

    The lender counts power at its mean over the halls in the same month of their stay, so that all have the same loan.
    """
    k = since - lease.delay_months
    base_months = MONTHS_PER_YEAR * lease.term_years
    stay = tenancy.longest_stay_months(lease, lease.term_years)
    build = lease.build_months + lease.delay_months
    inside = (k >= 1) & (k <= stay)
    power = rent.power_cost_usd(lease, power_price)
    contract = _contract_rent(lease, k) * inside
    in_place = tenancy.in_place_share(lease, k, lease.term_years)
    relet = tenancy.relet_share(lease, k, lease.term_years)
    let = in_place + relet
    held = exit_value.held_share(lease, in_place, k, base_months, stay)
    later = exit_value.held_share(
        lease, tenancy.in_place_share(lease, k + 1.0, lease.term_years), k + 1.0, base_months, stay
    )
    line: dict[str, Vector] = {"contract_rent_usd": contract}
    line["rent_usd"] = contract * in_place
    line["relet_rent_usd"] = contract * (lease.reletting_rent_ratio * relet) if relet.any() else np.zeros_like(k)
    line["guarantor_usd"] = tenancy.guarantor_payment_usd(lease, contract, k, lease.term_years)
    line["termination_fee_usd"] = tenancy.termination_fee_usd(lease, contract, k)
    borne = held if rent.landlord_bears_running_cost(lease) else held - let
    line["running_cost_usd"] = rent.running_cost_usd(lease, k) * borne
    line["power_cost_usd"] = power * let
    prepaid = rent.prepayment_usd(lease)
    line["prepayment_usd"] = due_in(k == 1 - build, prepaid)
    credit = rent.credited(prepaid, k, lease.free_rent_months, lease.prepayment_credit_months) + rent.credited(
        capex.tenant_capex_credit_usd(lease), k, lease.free_rent_months, lease.tenant_capex_credit_months
    )
    line["credit_usd"] = credit * in_place
    a_month = np.asarray(KW_PER_MW * lease.rent_usd_per_kw_month)
    line["late_damages_usd"] = capex.late_damages_usd(lease, a_month, since)
    line["sale_usd"] = _sale_usd(lease, k, power)
    cost = capex.landlord_cost_usd(lease)
    line["capex_usd"] = capex.draws(cost, k, build, lease.draw_curve)
    rates = yearly_rates(
        finance.data_centre_short_life_share, finance.bonus_depreciation, finance.data_centre_fifteen_year_share
    )
    deducted = depreciation(1.0, k, rates)
    left = 1.0 - np.cumsum(deducted, axis=0)
    line["depreciation_usd"] = cost * (deducted * held + left * (held - later))
    counted = _mean_over_halls(lease, power)
    line["cfads_usd"] = (contract_noi_usd(lease, k, contract, counted) - credit) * ((k >= 1) & (k <= base_months))
    kept = held if lease.after_term is AfterTerm.BACK_TO_MINING else 1.0
    line["occupied_share"] = np.where(since >= 1 - lease.clearance_months, kept, 0.0)
    return HallCashFlows(**line)


def hall_loan(lease: Lease, hall: HallCashFlows, since: Vector) -> tuple[DebtSchedule, Sizing]:
    """Debt of one hall: drawn for its construction, served from its cash flow."""
    return debt.schedule(
        lease,
        hall.capex_usd,
        hall.cfads_usd,
        since - lease.delay_months,
        build_months=lease.build_months + lease.delay_months,
        free_months=lease.free_rent_months,
        term_years=lease.term_years,
    )


def _sale_usd(lease: Lease, months_let: Vector, power_usd: Vector) -> Vector:
    """What a hall is expected to bring in each month with which its stay may end.

    ``leaving(k) x price(contract's rent) + re-let at the end of the base term x price(re-let rent)``; the price is that
    of :func:`models.exit_value.net_sale_usd` on twelve times the NOI of month ``k + 1``, at the power of month ``k``.
    A hall that then stands empty, its tenant having stopped paying, earns nothing and brings nothing.
    """
    if lease.after_term is not AfterTerm.SOLD:
        return np.zeros_like(months_let)
    term, ahead = lease.term_years, months_let + 1.0
    relet = np.where(months_let == MONTHS_PER_YEAR * term, tenancy.relet_share(lease, months_let, term), 0.0)
    going_on = _contract_rent(lease, ahead)
    found = np.zeros_like(months_let)
    for share, ratio in ((tenancy.leaving_share(lease, months_let, term), 1.0), (relet, lease.reletting_rent_ratio)):
        noi = contract_noi_usd(lease, ahead, going_on * ratio, power_usd)
        found = found + share * exit_value.net_sale_usd(lease, MONTHS_PER_YEAR * noi)
    return found


def _from_delivery(line: Vector, months: int) -> Vector:
    """A line of the calendar as a hall that comes some months later meets it; its last month stands for all beyond."""
    return np.concatenate([line[months:], np.repeat(line[-1:], months, axis=0)]) if months else line


def _mean_over_halls(lease: Lease, power_usd: Vector) -> Vector:
    """Power by month of a hall's stay, mean over the halls: ``sum_h share_h x power(m + offset_h)``."""
    if lease.recovery is not Recovery.GROSS:
        return power_usd
    parts = (share * _from_delivery(power_usd, offset) for offset, share in capex.deliveries(lease))
    return np.asarray(sum(parts))


def _at_own_power(lease: Lease, months_let: Vector, power_price: Vector) -> dict[str, Vector]:
    """Power cost and sale over all halls, each at the power of its own calendar months.

    ``power(m) x sum_h share_h x let(m - offset_h)`` and ``sum_h share_h x sale_h(m - offset_h)``.
    """
    power, found = rent.power_cost_usd(lease, power_price), {}
    let = tenancy.in_place_share(lease, months_let, lease.term_years)
    let = let + tenancy.relet_share(lease, months_let, lease.term_years)
    found["power_cost_usd"] = power * _over_halls(capex.deliveries(lease), let)
    found["sale_usd"] = np.asarray(
        sum(
            _over_halls(((offset, share),), _sale_usd(lease, months_let, _from_delivery(power, offset)))
            for offset, share in capex.deliveries(lease)
        )
    )
    return found


_DEBT_LINES = ("draw_usd", "fee_usd", "reserve_usd", "interest_usd", "service_usd", "balloon_usd", "balance_usd")


def lease_cash_flows(
    lease: Lease, finance: Finance, months_since_agreed: Vector, power_price_usd_per_mwh: Vector
) -> LeaseCashFlows:
    """Every line of one critical IT MW of an offer, over all its halls.

    * ``NOI = (rent + re-let rent + guarantor) x margin + fee for leaving - running cost - power``;
    * unlevered cash flow ``NOI + prepayment - credits - damages + sale - capex - warrants - tax``, tax on
      ``NOI + prepayment - credits - damages + sale - depreciation``, losses used as :class:`Finance` says;
    * cash flow to the owner: the same without warrants, with ``draw - fee - reserve - service - balloon``, tax after
      interest and fee (spread over the loan), losses carried forward.

    Each hall is depreciated from its delivery, what is left in each month with the chance that its stay ends then, and
    sold with the same chances; its loan closes when its rent begins. If the lease falls away, with chance ``q``, the
    sunk share of the cost is lost and deducted at delivery, and no debt is drawn. The owner serves the debt
    also when the tenant has gone: to hand over the keys is worth nothing.

    Parameters
    ----------
    months_since_agreed : months since the agreed first delivery, one a row: (M + 1,), or (M + 1, 1) for :func:`many`.
    power_price_usd_per_mwh : what the landlord pays under gross, of the same shape; each hall pays in its own months.
    """
    blocks = _blocks(lease)
    if not blocks:
        return _lines(lease, finance, months_since_agreed, power_price_usd_per_mwh)
    parts = (_lines(block, finance, months_since_agreed, power_price_usd_per_mwh) for _, block in blocks)
    found: LeaseCashFlows = side_by_side([at for at, _ in blocks], parts)
    return found


def _lines(lease: Lease, finance: Finance, since: Vector, power_price: Vector) -> LeaseCashFlows:
    hall = hall_cash_flows(lease, finance, since, power_price)
    loan, size = hall_loan(lease, hall, since)
    line, k = dict(vars(hall)), since - lease.delay_months
    months = debt.tenor_months(lease, lease.term_years, lease.free_rent_months)
    served = (k > lease.free_rent_months) & (k <= lease.free_rent_months + months)
    line["fee_deducted_usd"] = due_in(served, lease.debt_fee_share * loan.debt_usd / months)
    line |= {name: getattr(loan, name) for name in _DEBT_LINES}
    if np.any(lease.cancellation_probability):
        line["written_off_usd"] = due_in(k == 0, capex.landlord_cost_usd(lease))
    halls = capex.deliveries(lease)
    total = {name: _over_halls(halls, values) for name, values in line.items()}
    if lease.recovery is Recovery.GROSS:
        total |= _at_own_power(lease, k, power_price)
    if np.any(lease.cancellation_probability):
        lost = lease.cancellation_probability * lease.cancellation_sunk_share
        lost_capex, lost_basis = lost * total["capex_usd"], lost * total.pop("written_off_usd")
        total = {name: (1.0 - lease.cancellation_probability) * values for name, values in total.items()}
        total["capex_usd"] = total["capex_usd"] + lost_capex
        total["depreciation_usd"] = total["depreciation_usd"] + lost_basis
    return _with_taxes(lease, finance, since, total, loan, size)


def _with_taxes(
    lease: Lease, finance: Finance, since: Vector, total: dict[str, Vector], loan: DebtSchedule, size: Sizing
) -> LeaseCashFlows:
    """NOI, taxable income, taxes and the two cash flows of the whole unit."""
    costs = total["running_cost_usd"] + total["power_cost_usd"]
    rents = total["rent_usd"] + total["relet_rent_usd"] + total["guarantor_usd"]
    noi = rents * lease.noi_margin + (total["termination_fee_usd"] - costs)
    at_the_side = total["prepayment_usd"] - total["credit_usd"] - total["late_damages_usd"] + total["sale_usd"]
    operating = noi + at_the_side
    warrants = due_in(since == 1 - lease.build_months, np.asarray(lease.guarantor_warrants_usd / lease.critical_it_mw))
    taxable = operating - total["depreciation_usd"]
    paid = tax(finance.tax_rate, taxable, losses_used_by_parent=finance.losses_used_by_parent)
    levered_taxable = taxable - total["interest_usd"] - total.pop("fee_deducted_usd")
    levered_tax = tax_carried_forward(finance.tax_rate, levered_taxable)
    paid_once = total["fee_usd"] + total["reserve_usd"] + total["balloon_usd"]
    before_tax = operating - total["capex_usd"]
    return LeaseCashFlows(
        **total,
        noi_usd=noi,
        warrants_usd=warrants,
        taxable_usd=taxable,
        tax_usd=paid,
        cash_flow_usd=before_tax - warrants - paid,
        levered_taxable_usd=levered_taxable,
        levered_tax_usd=levered_tax,
        equity_cash_flow_usd=before_tax + total["draw_usd"] - total["service_usd"] - paid_once - levered_tax,
        hall_debt=loan,
        hall_sizing=size,
    )


def _over_halls(halls: tuple[tuple[int, float], ...], line: Vector) -> Vector:
    """``sum_h share_h x line(m - offset_h)``: a line of one hall over all of them."""
    if not line.any():
        return line
    found = np.zeros_like(line)
    shared = {share: share * line for share in {share for _, share in halls}}
    for offset, share in halls:
        found[offset:] += shared[share][: len(line) - offset]
    return found


def _blocks(lease: Lease) -> list[tuple[slice, Lease]]:
    """A lease that stands for n, as leases that stand for a few each, and which; none for a single lease."""
    columns = {name: value for name, value in vars(lease).items() if isinstance(value, np.ndarray)}
    places = block_places(max((len(column) for column in columns.values()), default=0))
    return [(at, lease.model_copy(update={name: column[at] for name, column in columns.items()})) for at in places]
