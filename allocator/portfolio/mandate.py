"""What a portfolio is given: the budget, limits across its sites, and what is agreed of each site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from allocator.case import CapitalStep, CapitalUsd, Case
from models.assumptions import Assumptions, Fault, Flag, Number, assumption, read_table, shown


class TenantLimit(Assumptions):
    """A limit of one tenant, in place of the mandate's limit for all."""

    name: str = Field(min_length=1, max_length=300, description="the tenant's name as the leases have it")
    max_share: Number | None = assumption(
        None, unit="share of leased critical IT MW", ge=0, le=1,
        meaning="Most of all critical IT MW leased over the portfolio that this tenant may have",
    )  # fmt: skip
    max_critical_it_mw: Number | None = assumption(
        None, unit="critical IT MW", ge=0, le=1e6, meaning="Most critical IT MW leased to this tenant over all sites",
    )  # fmt: skip


class Mandate(Assumptions):
    """The budget of a portfolio and its limits across sites."""

    capital_usd: CapitalUsd = assumption(
        ..., unit="USD", ge=0, le=1e12, bounds_in_type=True,
        meaning="Equity available to all sites together, or a list of {from, usd}",
    )  # fmt: skip
    max_debt_usd: Number | None = assumption(
        None, unit="USD", ge=0, le=1e13,
        meaning="Most project debt outstanding over all sites in any quarter, interest during construction included",
    )  # fmt: skip
    max_tenant_share: Number = assumption(
        1.0, unit="share of leased critical IT MW", ge=0, le=1,
        meaning="Most of all critical IT MW leased over the portfolio that one tenant may have",
    )  # fmt: skip
    max_tenant_critical_it_mw: Number | None = assumption(
        None, unit="critical IT MW", ge=0, le=1e6, meaning="Most critical IT MW leased to one tenant over all sites",
    )  # fmt: skip
    minimum_ticket_usd: Number = assumption(
        0.0, unit="USD", ge=0, le=1e12,
        meaning="A site is entered with at least so much equity paid in, or not at all; 0 asks for none",
    )  # fmt: skip
    tenants: tuple[TenantLimit, ...] = ()

    def share_of(self, tenant: str) -> float:
        """Most of all leased critical IT MW that a tenant may have."""
        own = [t.max_share for t in self.tenants if t.name == tenant and t.max_share is not None]
        return own[0] if own else self.max_tenant_share

    def critical_it_mw_of(self, tenant: str) -> float | None:
        """Most critical IT MW that a tenant may have over all sites; ``None`` without a limit."""
        own = [t.max_critical_it_mw for t in self.tenants if t.name == tenant and t.max_critical_it_mw is not None]
        return own[0] if own else self.max_tenant_critical_it_mw


class SiteTerms(Assumptions):
    """What is agreed of one site: columns ``portfolio.*`` of the sites table."""

    must_do: Flag = assumption(
        False, unit="", meaning="The site is entered with at least its minimum ticket, whatever it is worth"
    )
    exclusive_group: str = assumption(
        "", unit="", meaning="Of the sites with the same group at most one is entered; empty for none"
    )
    minimum_ticket_usd: Number | None = assumption(
        None, unit="USD", ge=0, le=1e12,
        meaning="This site is entered with at least so much equity paid in, or not at all; the mandate's if absent",
    )  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A site that may be entered."""

    case: Case
    terms: SiteTerms = field(default_factory=SiteTerms)

    @property
    def name(self) -> str:
        """What the site is called."""
        return self.case.name

    @property
    def is_signed(self) -> bool:
        """Whether a lease of the site is signed, so that the site must be done whatever it says of itself."""
        return any(lease.committed for lease in self.case.leases)

    @property
    def is_required(self) -> bool:
        """Whether the portfolio must enter it."""
        return self.terms.must_do or self.is_signed

    def ticket_usd(self, mandate: Mandate) -> float:
        """The least equity with which it is entered; 0 for any."""
        own = self.terms.minimum_ticket_usd
        return mandate.minimum_ticket_usd if own is None else own


def read_mandate(given: Mapping[str, Any], faults: list[Fault]) -> Mandate | None:
    """A mandate from a parsed file and options; its faults are appended, ``None`` if it has any."""
    rows = given.get("tenants", [])
    if not isinstance(rows, (list, tuple)):
        faults.append(Fault("tenants", shown(rows), "is not a list of tables", "write [[tenants]] above each one"))
        rows = []
    tenants = [read_table(TenantLimit, f"tenants[{i}]", row, faults) for i, row in enumerate(rows)]
    names = [t.name for t in tenants if t is not None]
    faults += [
        Fault("tenants", shown(name), "has two limits", "give each tenant one table")
        for name in dict.fromkeys(n for n in names if names.count(n) > 1)
    ]
    known = {key: value for key, value in given.items() if key != "tenants"}
    if "capital_usd" not in known:
        faults.append(Fault("--capital", "", "is required and was not given", "give the budget of all sites in USD"))
        known["capital_usd"] = 0.0
    if known["capital_usd"] is None:
        faults.append(Fault("capital_usd", "", "is empty", "give the budget of all sites in USD"))
        known["capital_usd"] = 0.0
    mandate = read_table(Mandate, "", known, faults)
    steps = mandate.capital_usd if mandate is not None else None
    if isinstance(steps, tuple):
        _check_steps(steps, faults)
    return None if mandate is None or faults else mandate.model_copy(update={"tenants": tuple(tenants)})


def _check_steps(steps: tuple[CapitalStep, ...], faults: list[Fault]) -> None:
    days = [step.from_date for step in steps]
    if not days:
        faults.append(Fault("capital_usd", "[]", "is an empty list", "give a number or at least one {from, usd}"))
    if days != sorted(set(days)):
        faults.append(Fault("capital_usd", shown([str(d) for d in days]), "is not in order of its dates",
                            "begin each stage after the one before"))  # fmt: skip


def check_candidates(candidates: list[Candidate], mandate: Mandate, faults: list[Fault]) -> None:
    """What must hold of sites together; each fault names the site."""
    names = Counter(c.name for c in candidates)
    faults += [
        Fault("name", shown(name), "is used by two sites", "give each site its own name")
        for name, count in names.items() if count > 1
    ]  # fmt: skip
    dates = [c.case.valuation_date for c in candidates]
    for candidate in candidates:
        where, ticket = f"site {candidate.name}", candidate.ticket_usd(mandate)
        if candidate.case.valuation_date != dates[0]:
            faults.append(Fault(f"{where}: valuation_date", str(candidate.case.valuation_date),
                                f"is not the portfolio's {dates[0]}", "value all sites on one day"))  # fmt: skip
        if candidate.terms.must_do and ticket == 0.0 and not candidate.is_signed:
            faults.append(Fault(f"{where}: portfolio.must_do", "true", "does not say how much must be done",
                                "give portfolio.minimum_ticket_usd, or sign (leases[0].committed)"))  # fmt: skip
    for group in dict.fromkeys(c.terms.exclusive_group for c in candidates if c.terms.exclusive_group):
        members = [c for c in candidates if c.terms.exclusive_group == group]
        required = [c.name for c in members if c.is_required]
        if len(members) == 1:
            faults.append(Fault(f"site {members[0].name}: portfolio.exclusive_group", shown(group),
                                "has no other site", "give it to at least two sites, or leave it out"))  # fmt: skip
        if len(required) > 1:
            faults.append(Fault("portfolio.exclusive_group", shown(group),
                                f"holds {len(required)} sites that must be done ({', '.join(required)})",
                                "of a group at most one can be"))  # fmt: skip
    holders = [c for c in candidates if c.case.policy.treasury_btc > 0]
    faults += [
        Fault(f"site {c.name}: policy.treasury_btc", f"{c.case.policy.treasury_btc:g}",
              f"is counted at {len(holders)} sites", "give the treasury to one site and 0 to the others")
        for c in holders if len(holders) > 1
    ]  # fmt: skip
    tenants = {lease.tenant for c in candidates for lease in c.case.leases}
    faults += [
        Fault(f"tenants[{i}].name", shown(limit.name), "leases at no site", "use a tenant's name as the leases have it")
        for i, limit in enumerate(mandate.tenants)
        if limit.name not in tenants
    ]
