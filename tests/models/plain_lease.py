"""A lease written a second time, the long way: one hall after the other, month by month, in plain Python."""

from __future__ import annotations

from models.exit_value import AfterTerm
from models.lease import Lease, Recovery
from models.returns import Finance

FIVE = (0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576)
FIFTEEN = (
    0.05, 0.095, 0.0855, 0.077, 0.0693, 0.0623, 0.059, 0.059,
    0.0591, 0.059, 0.0591, 0.059, 0.0591, 0.059, 0.0591, 0.0295,
)  # fmt: skip
HOURS = 365.25 * 24 / 12
LINES = (
    "contract_rent_usd", "rent_usd", "relet_rent_usd", "termination_fee_usd", "running_cost_usd", "power_cost_usd",
    "prepayment_usd", "credit_usd", "late_damages_usd", "sale_usd", "capex_usd", "depreciation_usd", "occupied_share",
)  # fmt: skip


def plain_lines(lease: Lease, finance: Finance, since: list[float], price: list[float]) -> dict[str, list[float]]:
    """Every line before debt and tax of an offer without a guarantor; ``since`` begins before any draw."""
    total = {name: [0.0] * len(since) for name in LINES}
    halls = [(h.months_after_first, h.share) for h in lease.halls] or [
        (i * lease.delivery_interval_months, 1 / lease.deliveries) for i in range(lease.deliveries)
    ]
    q, sunk = lease.cancellation_probability, lease.cancellation_sunk_share
    for offset, share in halls:
        rows = len(since) - offset
        one = _hall(lease, finance, since[:rows], price[offset:])
        for name in LINES:
            for m in range(rows):
                gone = one["written_off"][m] if name == "depreciation_usd" else one["capex_usd"][m]
                lost = q * sunk * gone if name in {"capex_usd", "depreciation_usd"} else 0.0
                total[name][m + offset] += share * ((1 - q) * one[name][m] + lost)
    return total


def _rent(lease: Lease, k: int) -> float:
    year = (k - 1) // 12
    level = 1000 * lease.rent_usd_per_kw_month * max(lease.take_or_pay_share, lease.expected_use)
    listed = lease.rent_by_year or (1.0,)
    step = listed[year] if year < len(listed) else listed[-1] * (1 + lease.escalator_per_year) ** (
        year - len(listed) + 1
    )  # fmt: skip
    renewed = lease.renewal_rent_ratio if k > 12 * lease.term_years else 1.0
    return level * step * renewed if k > lease.free_rent_months else 0.0


def _running(lease: Lease, k: int) -> float:
    return 1000 * lease.running_cost_usd_per_kw_month * (1 + lease.running_cost_growth_per_year) ** ((k - 1) // 12)


def _deducted_by(finance: Finance, months: int) -> float:
    """Share of a cost deducted in the first ``months`` of service."""
    short, fifteen, bonus = (
        finance.data_centre_short_life_share, finance.data_centre_fifteen_year_share, finance.bonus_depreciation,
    )  # fmt: skip
    found = 0.0
    for k in range(1, months + 1):
        year = (k - 1) // 12
        yearly = (1 - short - fifteen) / 39 if year < 39 else 0.0
        yearly += (short + fifteen) * bonus if year == 0 else 0.0
        yearly += short * (1 - bonus) * FIVE[year] if year < 6 else 0.0
        yearly += fifteen * (1 - bonus) * FIFTEEN[year] if year < 16 else 0.0
        found += yearly / 12
    return found


def _drawn_by(lease: Lease, u: float) -> float:
    u = min(1.0, max(0.0, u))
    if not lease.draw_curve:
        return u * u * (3 - 2 * u)
    width = 1 / len(lease.draw_curve)
    return sum(part * min(1.0, max(0.0, (u - i * width) / width)) for i, part in enumerate(lease.draw_curve))


def _hall(lease: Lease, finance: Finance, since: list[float], price: list[float]) -> dict[str, list[float]]:  # noqa: C901, PLR0915
    line = {name: [0.0] * len(since) for name in (*LINES, "written_off")}
    base = 12 * lease.term_years
    options = lease.renewal_options if lease.renewal_probability > 0 else 0
    stay = base + 12 * lease.renewal_years * options
    build = lease.build_months + lease.delay_months
    full = 1000 * lease.capex_usd_per_kw * (1 + lease.contingency_share)
    cost = full * (1 - lease.tenant_capex_share)
    prepaid = 1000 * lease.rent_usd_per_kw_month * lease.prepaid_rent_months
    back = full * lease.tenant_capex_share * lease.tenant_capex_credit_share
    landlord = lease.recovery is not Recovery.NNN
    here, here_in = 1.0, {}
    for m, late in enumerate(since):
        k = int(late) - lease.delay_months
        power = lease.load_factor * lease.pue * HOURS * price[m] if lease.recovery is Recovery.GROSS else 0.0
        line["capex_usd"][m] = cost * (
            _drawn_by(lease, (k + build) / build) - _drawn_by(lease, (k - 1 + build) / build)
        )
        line["prepayment_usd"][m] = prepaid if k == 1 - build else 0.0
        line["written_off"][m] = cost if k == 0 else 0.0
        line["occupied_share"][m] = 1.0 if late > -lease.clearance_months else 0.0
        days = late - lease.late_grace_months
        if 1 <= days <= lease.late_damages_months and late <= lease.delay_months:
            line["late_damages_usd"][m] = lease.late_damages_share * 1000 * lease.rent_usd_per_kw_month
        if k > stay and lease.after_term is AfterTerm.BACK_TO_MINING:
            line["occupied_share"][m] = 0.0
        if not 1 <= k <= stay:
            continue
        here *= _pays_on(lease, k)
        if lease.termination_after_years is not None and k == 12 * lease.termination_after_years + 1:
            here *= 1 - lease.termination_probability
        if k > base and (k - base - 1) % (12 * lease.renewal_years) == 0:
            here *= lease.renewal_probability
        here_in[k] = here
        again = 1 - here_in.get(k - lease.reletting_months, 1.0) if k <= base else 0.0
        empty = 1 - here - again if k <= base or lease.after_term is AfterTerm.NOTHING else 0.0
        rent = _rent(lease, k)
        line["contract_rent_usd"][m] = rent
        line["rent_usd"][m] = rent * here
        line["relet_rent_usd"][m] = rent * again * lease.reletting_rent_ratio
        if lease.termination_after_years is not None and k == 12 * lease.termination_after_years:
            solvent = 1.0
            for month in range(1, k + 1):
                solvent *= _pays_on(lease, month)
            fee = lease.termination_probability * lease.termination_fee_months
            line["termination_fee_usd"][m] = fee * solvent * rent
        line["running_cost_usd"][m] = _running(lease, k) * (empty + (here + again if landlord else 0.0))
        line["power_cost_usd"][m] = power * (here + again)
        paying = k - lease.free_rent_months
        for amount, months in (
            (prepaid, lease.prepayment_credit_months), (back, lease.tenant_capex_credit_months),
        ):  # fmt: skip
            line["credit_usd"][m] += amount / months * here if 1 <= paying <= months else 0.0
        if k > base and lease.after_term is AfterTerm.BACK_TO_MINING:
            line["occupied_share"][m] = here if late > -lease.clearance_months else 0.0
        done, before = _deducted_by(finance, k), _deducted_by(finance, k - 1)
        option_ends = k >= base and (k - base) % (12 * lease.renewal_years) == 0
        goes_on = 0.0 if k == stay else lease.renewal_probability if option_ends else 1.0
        owned = here if k > base and lease.after_term is not AfterTerm.NOTHING else 1.0
        owned_next = here * goes_on * _pays_on(lease, k + 1) if k >= base else 1.0
        if lease.after_term is AfterTerm.NOTHING:
            owned_next = 0.0 if k == stay else 1.0
        line["depreciation_usd"][m] = cost * (owned * (done - before) + (owned - owned_next) * (1 - done))
        if lease.after_term is AfterTerm.SOLD and k >= base:
            line["sale_usd"][m] = here * (1 - goes_on) * _price(lease, k, 1.0, power)
            line["sale_usd"][m] += again * _price(lease, k, lease.reletting_rent_ratio, power) if k == base else 0.0
    return line


def _pays_on(lease: Lease, k: int) -> float:
    """Chance that a tenant that has paid every rent before month ``k`` pays this one."""
    if lease.tenant_default_after_years is not None and k > 12 * lease.tenant_default_after_years:
        return 0.0
    return float((1 - lease.tenant_default_per_year) ** (1 / 12))


def _price(lease: Lease, k: int, ratio: float, power: float) -> float:
    """What a buyer pays after month ``k`` for a hall at a share of the contract's rent."""
    landlord = lease.recovery is not Recovery.NNN
    noi = _rent(lease, k + 1) * ratio * lease.noi_margin - power - (_running(lease, k + 1) if landlord else 0.0)
    if k + 1 <= 12 * lease.term_years:
        raise ValueError("no hall is sold before its base term has ended")
    return max(0.0, 12 * noi) / lease.exit_cap_rate * (1 - lease.selling_cost_share)
