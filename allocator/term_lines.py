"""Term sheets as people read them: one line a figure, the same words and order in terminal, pages and workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from allocator.formats import megawatts, money, percent, quarter, rent
from allocator.offers import NO_NOTES, OfferTerms

NO_FIGURE = "–"


class Form(StrEnum):
    """How a figure is shown."""

    MONEY = "USD"
    RENT = "USD/kW-month"
    RATE = "share"
    POINTS = "points"
    COVER = "x"
    YEARS = "years"
    TEXT = ""


_SHOWN: dict[Form, Callable[[float], str]] = {
    Form.MONEY: money,
    Form.RENT: rent,
    Form.RATE: percent,
    Form.POINTS: lambda rate: f"{'-' if rate < 0 else ''}{points(rate)}",
    Form.COVER: "{:.2f}x".format,
    Form.YEARS: "{:.1f} years".format,
    Form.TEXT: str,
}


@dataclass(frozen=True)
class TermLine:
    """One figure of a term sheet."""

    key: str
    """Its name in the JSON."""
    label: str
    value: float | str | None
    form: Form
    meaning: str
    reason: str = ""
    """Why there is no figure."""

    @property
    def shown(self) -> str:
        """The figure in words; a dash where there is none."""
        if self.value is None:
            return NO_FIGURE
        if isinstance(self.value, str):
            return self.value
        return _SHOWN[self.form](self.value)


def sponsor_lines(terms: OfferTerms) -> Iterator[TermLine]:
    """What the owner quotes; totals are of the whole offer."""
    s = terms.sheet.sponsor
    yield TermLine("contract_value_usd", "Contract value", s.contract_value_usd, Form.MONEY,
                   "All base rent over the base term, undiscounted")  # fmt: skip
    yield TermLine("contract_value_with_renewals_usd", "with every renewal", s.contract_value_with_renewals_usd,
                   Form.MONEY, "The same over base term and every option, whatever its chance")  # fmt: skip
    yield TermLine("first_year_rent_usd_per_kw_month", "First-year rent", s.first_year_rent_usd_per_kw_month,
                   Form.RENT, "Base rent per kW of critical IT when it is first paid, before credits")  # fmt: skip
    yield TermLine("average_rent_usd_per_kw_month", "Average rent", s.average_rent_usd_per_kw_month, Form.RENT,
                   "Contract value over kW and months of the term")  # fmt: skip
    yield TermLine("stabilised_noi_usd_per_year", "Stabilised NOI a year", s.stabilised_noi_usd_per_year, Form.MONEY,
                   "Twelve times the NOI of the first month of rent, the tenant in place")  # fmt: skip
    yield TermLine("noi_margin", "NOI margin", s.noi_margin, Form.RATE, "Stabilised NOI over rent",
                   s.noi_margin_reason)  # fmt: skip
    yield TermLine("capex_usd_per_critical_it_mw", "Capex per critical IT MW", s.capex_usd_per_critical_it_mw,
                   Form.MONEY, "The landlord's part, with contingency")  # fmt: skip
    yield TermLine("yield_on_sponsor_cost", "Yield on construction", s.yield_on_sponsor_cost, Form.RATE,
                   "Stabilised NOI over the landlord's construction cost", s.yield_reason)  # fmt: skip
    yield TermLine("yield_on_funded_cost", "Yield on funded cost", s.yield_on_funded_cost, Form.RATE,
                   "Stabilised NOI over construction, interest until rent, fee, reserve", s.yield_reason)  # fmt: skip
    yield TermLine("development_spread", "Development spread", s.development_spread, Form.POINTS,
                   "Yield on funded cost less exit_cap_rate, at which let halls change hands",
                   s.yield_reason)  # fmt: skip
    yield TermLine("npv_usd", "NPV", s.npv_usd, Form.MONEY, "Unlevered, after tax, at the hosting rate")
    yield TermLine("irr_unlevered", "IRR, unlevered", s.irr_unlevered, Form.RATE, "After tax, losses used at once",
                   s.irr_unlevered_reason)  # fmt: skip
    yield TermLine("payback_years", "Payback", s.payback_years, Form.YEARS,
                   "From the valuation date until the unlevered money has come back", s.payback_reason)  # fmt: skip
    yield TermLine("peak_equity_usd", "Peak equity", s.peak_equity_usd, Form.MONEY,
                   "Most money the owner has in at one time")  # fmt: skip
    yield TermLine("irr_equity", "IRR of equity", s.irr_equity, Form.RATE, "After debt and tax, losses carried forward",
                   s.irr_equity_reason)  # fmt: skip
    yield TermLine("equity_moic", "MOIC of equity", s.equity_moic, Form.COVER, "All that comes back over all paid in",
                   s.equity_moic_reason)  # fmt: skip
    yield TermLine("guarantor_cap_usd", "Guarantor pays at most", s.guarantor_cap_usd, Form.MONEY,
                   "Its cap: a share of all base rent over the term")  # fmt: skip
    yield TermLine("guarantor_cap_years_of_rent", "in years of rent", s.guarantor_cap_years_of_rent, Form.YEARS,
                   "That cap over the mean rent of a year")  # fmt: skip
    yield TermLine("loss_from_default_usd", "Expected default loss", s.loss_from_default_usd, Form.MONEY,
                   "NPV without the tenant's default less NPV with it, guarantor and re-letting counted")  # fmt: skip


def lender_lines(terms: OfferTerms) -> Iterator[TermLine]:
    """What the lender quotes, the contract as it stands."""
    v, lease = terms.sheet.lender, terms.sheet.lease
    why = v.cover_reason
    yield TermLine("debt_usd", "Debt when rent begins", v.debt_usd, Form.MONEY, "With interest capitalised until then")
    yield TermLine("debt_usd_per_critical_it_mw", "per critical IT MW", v.debt_usd_per_critical_it_mw, Form.MONEY,
                   "The same for one critical IT MW")  # fmt: skip
    yield TermLine("debt_rate", "Coupon", lease.debt_rate, Form.RATE, "Nominal, paid monthly")
    yield TermLine("tenor_years", "Tenor", v.tenor_years, Form.YEARS, "From the first rent to maturity")
    yield TermLine("ltc_achieved", "Loan to cost", v.ltc_achieved, Form.RATE,
                   "Debt over funded cost; the terms allow ltc at most")  # fmt: skip
    yield TermLine("sized_by", "Limited by", str(v.sized_by), Form.TEXT,
                   "Which is least: what ltc allows, what cover (dscr) allows, all of the cost")  # fmt: skip
    yield TermLine("debt_yield", "Debt yield", v.debt_yield, Form.RATE, "Stabilised NOI over debt",
                   v.debt_yield_reason)  # fmt: skip
    yield TermLine("minimum_dscr", "DSCR, least", v.minimum_dscr, Form.COVER,
                   "Contract NOI less credits over service, by month, repaid as the terms say", why)  # fmt: skip
    yield TermLine("average_dscr", "DSCR, average", v.average_dscr, Form.COVER, "Mean over the months with service",
                   why)  # fmt: skip
    yield TermLine("level_service_usd_per_year", "Paid level: service a year", v.level_service_usd_per_year,
                   Form.MONEY, "The same loan in equal monthly payments", why)  # fmt: skip
    yield TermLine("level_first_year_cover", "Paid level: first-year cover", v.level_first_year_cover, Form.COVER,
                   "Stabilised NOI over that service", why)  # fmt: skip
    yield TermLine("sculpted_cover", "Paid sculpted: cover", v.sculpted_cover, Form.COVER,
                   "PV of CFADS at the coupon over the debt that service repays", why)  # fmt: skip
    yield TermLine("balance_at_maturity_usd", "Balance at maturity", v.balance_at_maturity_usd, Form.MONEY,
                   "Balloon left to refinance")  # fmt: skip


def notes_lines(terms: OfferTerms) -> Iterator[TermLine]:
    """The published notes of the signed deal that an offer is, beside the lender's own figures."""
    for name, label, form, meaning in _NOTES:
        value = None if terms.notes is None else float(getattr(terms.notes, name))
        yield TermLine(f"notes_{name}", label, value, form, meaning, NO_NOTES if value is None else "")


_NOTES = (
    ("debt_usd", "Notes issued", Form.MONEY, "Published debt of the signed deal"),
    ("coupon_per_year", "Coupon of the notes", Form.RATE, "Nominal, paid twice a year"),
    ("level_payment_usd_per_year", "Notes level: service a year", Form.MONEY, "Over the term of the lease"),
    ("first_year_level_cover", "Notes level: first-year cover", Form.COVER, "This offer's first-year NOI over that"),
    ("sculpted_cover", "Notes sculpted: cover", Form.COVER, "PV of this offer's NOI at their coupon over the notes"),
    ("debt_yield", "Debt yield of the notes", Form.RATE, "This offer's first-year NOI over the notes"),
)


def tenant_lines(terms: OfferTerms) -> Iterator[TermLine]:
    """What the tenant compares: a kW of critical IT, all in."""
    t = terms.sheet.tenant
    yield TermLine("rent_year_one_usd_per_kw_month", "Rent, year one", t.rent_year_one_usd_per_kw_month, Form.RENT,
                   "Mean of the first twelve months, free months as such")  # fmt: skip
    yield TermLine("running_cost_year_one_usd_per_kw_month", "Running cost, year one",
                   t.running_cost_year_one_usd_per_kw_month, Form.RENT,
                   "Property tax, insurance, maintenance that the tenant pays beside rent (nnn)")  # fmt: skip
    yield TermLine("power_year_one_usd_per_kw_month", "Power, year one", t.power_year_one_usd_per_kw_month, Form.RENT,
                   "Paid beside rent unless gross: load_factor x pue x the site's price")  # fmt: skip
    yield TermLine("occupancy_cost_year_one_usd_per_kw_month", "Occupancy cost, year one",
                   t.occupancy_cost_year_one_usd_per_kw_month, Form.RENT, "The three together")  # fmt: skip
    yield TermLine("occupancy_cost_average_usd_per_kw_month", "Occupancy cost, average",
                   t.occupancy_cost_average_usd_per_kw_month, Form.RENT, "Mean over the base term")  # fmt: skip
    yield TermLine("occupancy_cost_levelised_usd_per_kw_month", "Occupancy cost, levelised",
                   t.occupancy_cost_levelised_usd_per_kw_month, Form.RENT,
                   "The even monthly cost of the same present value at the hosting rate")  # fmt: skip


def use_lines(terms: OfferTerms) -> Iterator[TermLine]:
    """What one critical IT MW costs until rent begins."""
    f = terms.sheet.funding
    yield TermLine("construction_use_usd", "Construction", f.construction_use_usd, Form.MONEY, "With contingency")
    yield TermLine("interest_use_usd", "Interest until rent", f.interest_use_usd, Form.MONEY, "Added to the debt")
    yield TermLine("fee_use_usd", "Fee", f.fee_use_usd, Form.MONEY, "At closing")
    yield TermLine("reserve_use_usd", "Reserve (DSRA)", f.reserve_use_usd, Form.MONEY, "Filled when rent begins")


def source_lines(terms: OfferTerms) -> Iterator[TermLine]:
    """Who pays for it."""
    f = terms.sheet.funding
    yield TermLine("debt_source_usd", "Debt", f.debt_source_usd, Form.MONEY, "Balance when rent begins")
    yield TermLine("tenant_source_usd", "Tenant's capex", f.tenant_source_usd, Form.MONEY, "Paid as it is drawn")
    yield TermLine("prepayment_source_usd", "Prepaid rent", f.prepayment_source_usd, Form.MONEY, "At the first bill")
    yield TermLine("equity_source_usd", "Equity", f.equity_source_usd, Form.MONEY,
                   "What is left; negative where money is paid out to the owner")  # fmt: skip


def footing(terms: OfferTerms) -> str:
    """What the figures of an offer stand on, in one line."""
    lease, when = terms.sheet.lease, quarter(terms.start_label)
    taken = terms.taken_mw
    if taken <= 0:
        answer = "not taken"
    elif lease.critical_it_mw - taken < 0.05:
        answer = "taken"
    else:
        answer = f"{megawatts(taken)} of it taken"
    return f"whole offer of {megawatts(lease.critical_it_mw)} (critical IT) to {lease.tenant} from {when}, {answer}"


def finding(terms: OfferTerms) -> str:
    """The offer in a sentence: what building it earns over buying it, and what its loan stands on."""
    lease, s, v = terms.sheet.lease, terms.sheet.sponsor, terms.sheet.lender
    if s.yield_on_funded_cost is None or s.development_spread is None:
        earns = f"{lease.name} needs no construction by the landlord"
    else:
        side = "over" if s.development_spread >= 0 else "under"
        earns = (
            f"{lease.name} earns {percent(s.yield_on_funded_cost)} on its funded cost, {points(s.development_spread)} "
            f"{side} the {percent(lease.exit_cap_rate)} at which let halls change hands"
        )
    if v.minimum_dscr is None:
        return f"{earns}; it carries {v.cover_reason or 'no debt'}."
    return f"{earns}; debt of {percent(v.ltc_achieved)} of cost is covered {v.minimum_dscr:.2f}x."


def points(rate: float) -> str:
    """A difference of rates without its sign.

    >>> points(0.0477)
    '4.8 points'
    """
    return f"{abs(rate) * 100:.1f} points"
