"""A portfolio in words: what is entered, what the budget is worth, why a site is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allocator.activity import Use
from allocator.formats import megawatts, money, percent
from allocator.portfolio.answer import Portfolio, SiteResult, Standing
from allocator.portfolio.infeasible import PortfolioInfeasibility
from allocator.portfolio.questions import BudgetPrice, CurvePoint, Questions

AS_ALONE = 1e-6
"""A site whose NPV is this near to what it has alone, relative, is entered in full."""
MOST_NAMED = 5


def decision(asked: Questions, *, with_passed_over: bool = True) -> list[str]:
    """Sentences for a committee, the decision first; those on sites passed over may be left to a table beside them."""
    answer = asked.answer
    return [
        headline(answer),
        *_budget(answer, asked.budget_price, asked.curve),
        *_limits(answer),
        *_best_sites(asked),
        *_obligations(asked),
        *(_passed_over(answer) if with_passed_over else ()),
        how_sure(answer),
    ]


def headline(answer: Portfolio) -> str:
    """How many sites, for how much, worth what."""
    entered, count = answer.entered, len(answer.sites)
    if not entered:
        return f"Enter none of the {count} sites: nothing that the limits allow is worth its cost."
    used, budget = float(answer.capital_used_usd.max()), float(answer.common.budget_usd.max())
    leased = sum(s.leased_critical_it_mw for s in entered)
    what = f", {megawatts(leased)} (critical IT) leased" if leased > 0 else ""
    return (
        f"Enter {len(entered)} of {count} sites with {money(max(0.0, used))} of the {money(budget)} of capital{what}: "
        f"worth {money(answer.npv_usd)}."
    )


def _budget(answer: Portfolio, price: BudgetPrice, curve: Sequence[CurvePoint]) -> Iterator[str]:
    gain, loss = price.gain_of_one_more_usd, price.loss_of_one_less_usd
    sure = f" (each to within ${price.open_usd:,.2f}: gaps are open)" if price.open_usd > 0.005 else ""
    step = f"by steps of {money(price.step_usd)}"
    if loss is None:
        yield f"One more dollar of budget is worth ${gain:,.2f}; with less there is no plan ({step}){sure}."
    elif max(gain, loss) < 0.005:
        yield f"More budget is worth nothing, and a little less costs nothing ({step}){sure}."
    else:
        yield f"One more dollar of budget is worth ${gain:,.2f}, one less costs ${loss:,.2f} ({step}){sure}."
    last = curve[-1]
    budget = float(answer.common.budget_usd.max())
    if last.npv_usd is not None and last.npv_usd > answer.npv_usd * (1 + 1e-6):
        yield (
            f"Without a limit of capital {money(last.capital_used_usd)} would be used, for {money(last.npv_usd)}: "
            f"{money(last.npv_usd - answer.npv_usd)} more on {money(max(0.0, last.capital_used_usd - budget))} more."
        )


def _limits(answer: Portfolio) -> Iterator[str]:
    """Limits across sites that are used up."""
    mandate, leased = answer.mandate, answer.leased_by_tenant
    if mandate.max_debt_usd is not None and answer.debt_usd.size:
        most = float(answer.debt_usd.max())
        if most >= mandate.max_debt_usd * (1 - 1e-6):
            yield f"The limit of debt is used up: {money(most)} outstanding at the most."
    total = sum(leased.values())
    full = []
    for tenant, mw in leased.items():
        size, share = mandate.critical_it_mw_of(tenant), mandate.share_of(tenant)
        if (size is not None and mw >= size * (1 - 1e-6)) or (share < 1 and mw >= share * total * (1 - 1e-6)):
            full.append(f"{tenant} ({megawatts(mw)}, {percent(mw / total)} of what is leased)")
    if full:
        yield f"At its limit of critical IT: {', '.join(full)}."


def _best_sites(asked: Questions) -> Iterator[str]:
    found = [c for c in asked.contributions if c.least_usd > 0][:MOST_NAMED]
    if not found:
        return
    least = "" if asked.contributions_are_solved else " at least"
    parts = [f"{c.site} {money(c.least_usd)}" for c in found]
    yield f"What the portfolio would lose{least} without a site: {', '.join(parts)}."


def _obligations(asked: Questions) -> Iterator[str]:
    """What it costs that a site must be done, where the portfolio without it would be worth more."""
    costly = [c for c in asked.contributions if c.most_usd is not None and c.most_usd < 0.0]
    if costly:
        named = ", ".join(f"{c.site} {money(-c.most_usd)}" for c in costly if c.most_usd is not None)
        yield f"What it costs that a site must be done: {named}."


def _passed_over(answer: Portfolio) -> Iterator[str]:
    passed = [s for s in answer.sites if s.standing is not Standing.ENTERED]
    by_worth = sorted(passed, key=lambda s: -(s.alone.npv_usd if s.alone else 0.0))
    for site in by_worth[:MOST_NAMED]:
        yield f"{site.name}: {reason(answer, site)}."
    if len(passed) > MOST_NAMED:
        more = len(passed) - MOST_NAMED
        sites = "site is" if more == 1 else "sites are"
        yield f"{more} more {sites} passed over; the JSON gives the reason of each."


def reason(answer: Portfolio, site: SiteResult) -> str:
    """Why a site is passed over, or entered as it is; without a full stop."""
    if site.standing is Standing.ENTERED:
        return _how_entered(answer, site)
    alone = site.alone
    if site.standing is Standing.IMPOSSIBLE:
        return f"cannot be entered, since its ticket of {money(site.ticket_usd)} is more than it can take"
    if alone is None or alone.npv_usd <= 0.0:
        why = (
            "it has no plan of its own within the budget" if alone is None else "nothing on offer there earns its cost"
        )
        return f"passed over, since {why}"
    worth = f"by itself worth {money(alone.npv_usd)} on {money(alone.capital_usd)}"
    if alone.npv_per_dollar is not None:
        worth += f" of capital (${alone.npv_per_dollar:,.2f} per dollar)"
    group = site.candidate.terms.exclusive_group
    rival = next((s for s in answer.entered if group and s.candidate.terms.exclusive_group == group), None)
    if rival is not None:
        return f"passed over for {rival.name}, of the same exclusive group; {worth}"
    charged = _charged_by(answer, site)
    ticket = f", and it is entered with {money(site.ticket_usd)} or not at all" if site.ticket_usd > 0 else ""
    if charged:
        return f"passed over: {worth}, less than the others make of {charged}{ticket}"
    return f"passed over: {worth}{ticket}"


def _how_entered(answer: Portfolio, site: SiteResult) -> str:
    must = "entered because it must be" if site.candidate.is_required else "entered"
    alone = site.alone.npv_usd if site.alone else None
    if alone is None or site.npv_usd >= alone * (1 - AS_ALONE) - 1.0:
        return f"{must}, as it would be by itself"
    charged = _charged_by(answer, site)
    short = f"; {charged} earns more elsewhere" if charged else ""
    return f"{must}, for {money(site.npv_usd)} of the {money(alone)} that it is worth by itself{short}"


def _charged_by(answer: Portfolio, site: SiteResult) -> str:
    """Common limits with a price that touch the site, in words."""
    common, prices = answer.common, answer.plan.found.row_prices
    if not prices.size:
        return ""
    first = common.first_row
    words = []
    if prices[: common.quarters].any():
        words.append("capital")
    if prices[first["debt"] : first["tenant_size"]].any():
        words.append("debt")
    theirs = {lease.tenant for lease in site.candidate.case.leases}
    for key, names in (("tenant_size", common.sized_tenants), ("tenant_share", common.shared_tenants)):
        priced = [n for i, n in enumerate(names) if n in theirs and prices[first[key] + i] > 0]
        words += [f"the room for {name}" for name in priced]
    if prices[first["liquidity"] :].any():
        words.append("cash under stress")
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def how_sure(answer: Portfolio) -> str:
    """Whether the plan is proven, and how far it may be from the best."""
    if answer.gap <= 1e-6:
        return "Proven: no plan within these limits is worth more."
    least = answer.bound_usd - answer.npv_usd
    return (
        f"No plan is worth more than {money(answer.bound_usd)}: this one is within {money(least)} "
        f"({answer.gap * 100:.2f} %) of the best."
    )


def mix_words(site: SiteResult) -> str:
    """What a site does, in a few words."""
    hosted: dict[str, float] = {}
    for line in site.mix:
        if line.use is Use.HOSTING:
            hosted[line.offer_or_fleet] = hosted.get(line.offer_or_fleet, 0.0) + line.units_mw
    words = [
        f"lease {megawatts(mw)} (critical IT)" + ("" if name == site.name else f" of {name}")
        for name, mw in hosted.items()
    ]
    if any(line.use is Use.MINING for line in site.mix):
        words.append("mine")
    return "; ".join(words) or "–"


def infeasible(found: PortfolioInfeasibility) -> list[str]:
    """Why there is no plan, and what would cure it."""
    if found.impossible:
        return [
            f"{i.site} must be done, and has no plan even without any limit across sites; allocator solve says why."
            if i.most_usd is None
            else f"{i.site} must be done with at least {money(i.ticket_usd)}, and can take {money(i.most_usd)} at most."
            for i in found.impossible
        ]
    if found.is_of_whole_halls:
        return ["What must be done would fit in parts of halls; no plan in whole halls was found within the limits."]
    sentences = ["What must be done does not fit the limits across sites."]
    cures = [f"the {r.limit} {_more(r.unit, r.change)} more" for r in found.reliefs if r.change is not None]
    useless = [f"the {r.limit}" for r in found.reliefs if r.change is None]
    if cures:
        sentences.append(f"Each of these alone cures it: {', '.join(cures)}.")
    if found.droppable:
        sentences.append(f"So does leaving out one of these sites: {', '.join(found.droppable)}.")
    if useless:
        sentences.append(f"More of these alone cures nothing: {', '.join(useless)}.")
    return sentences


def _more(unit: str, amount: float) -> str:
    return money(amount) if unit == "USD" else f"{megawatts(amount)} ({unit.removesuffix(' MW')})"
