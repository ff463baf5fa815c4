"""The answer in words: the decision, what it is worth, what would change it, what limits it.

Every clause comes from a figure of the plan or of its explanation; nothing is said that is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allocator.activities import Kind, Use
from allocator.allocation import TAKEN_MW, Allocation, MixLine
from allocator.alternatives import UseRange
from allocator.break_even import BreakEven
from allocator.explain import Explanation, ShadowPrice
from allocator.flip_points import FlipPoint
from allocator.formats import megawatts, money, percent, quarter, rent
from allocator.infeasible import Infeasibility, Repair
from allocator.program.limits import RELIEF
from models.lease import KW_PER_MW

FRAGILE_MARGIN = 0.05
"""A decision that 5 % of rent would turn is called fragile before anything else is said."""
MEANT_SHARE = 0.1
"""A limit counts as short if one more is worth a tenth of what one less costs; ties make the two sides differ."""
FIRM_SHARE = 0.1
"""A use that plans nearly as good change by no more than a tenth is firm."""
MENTIONED_MW, ROUNDED_MW = 1.0, 0.1
"""Average uses below a megawatt are not mentioned; ranges that read the same are one number."""
NOT_WORTH_SAYING_USD = 1_000.0
"""Per-unit values below a thousand dollars of NPV are not mentioned (dollars: below a cent)."""


def decision(plan: Allocation, explanation: Explanation) -> list[str]:
    """Sentences for a board, the decision first."""
    return [
        *_fragility(explanation),
        headline(plan, explanation),
        *_what_would_change_it(plan, explanation),
        *_what_limits_it(explanation),
        *_why_nothing_is_mined(plan),
        *what_is_firm(explanation),
        *worst_stress(explanation),
        _rates(plan),
    ]


def headline(plan: Allocation, explanation: Explanation | None = None) -> str:
    """The decision and what it is worth, in one sentence."""
    clauses = [*_hosting_clauses(plan), *_mining_clauses(plan)]
    worth = f"worth {money(plan.npv_usd)} more than doing nothing"
    if explanation is not None and (alone := explanation.twins.mine_only_usd) is not None and plan.npv_of(Use.HOSTING):
        worth += f", {money(plan.npv_usd - alone)} more than mining alone"
    text = _joined(clauses) if clauses else "leave the site idle: nothing on offer earns its cost"
    return f"{text[:1].upper()}{text[1:]}: {worth}."


def _lines(plan: Allocation, kind: Kind, owner: int) -> list[MixLine]:
    return [line for line in plan.mix if line.activity.kind is kind and line.activity.owner == owner]


def _hosting_clauses(plan: Allocation) -> Iterator[str]:
    label = plan.case.timeline.quarter_label
    for owner, lease in enumerate(plan.case.leases):
        lines = _lines(plan, Kind.LEASE, owner)
        taken = sum(line.units_mw for line in lines)
        if taken <= TAKEN_MW:
            yield f"refuse {lease.name} ({megawatts(lease.critical_it_mw)} critical IT)"
            continue
        starts = sorted({line.activity.start for line in lines})
        whole = lease.critical_it_mw - taken < 0.05
        amount = f"all {megawatts(taken)}" if whole else f"{megawatts(taken)} of the {megawatts(lease.critical_it_mw)}"
        when = f"from {quarter(label(starts[0]))}"
        if len(starts) > 1:
            when += f", in {len(starts)} phases to {quarter(label(starts[-1]))}"
        to = (
            lease.tenant
            if lease.name == plan.case.name
            else f"{lease.tenant} ({lease.name})"
            if lease.name != lease.tenant
            else lease.name
        )
        yield f"lease {amount} (critical IT) to {to} {when}"


def _mining_clauses(plan: Allocation) -> Iterator[str]:
    case, label = plan.case, plan.case.timeline.quarter_label
    for owner, fleet in enumerate(case.fleets):
        lines = _lines(plan, Kind.FLEET, owner)
        running = [line for line in lines if line.activity.stop > 0]
        if not running:
            sold = sum(line.units_mw for line in lines)
            yield (f"sell the {fleet.name} machines" if sold > TAKEN_MW else f"leave the {fleet.name} machines idle")
            continue
        sold_now = sum(line.units_mw for line in lines) - sum(line.units_mw for line in running)
        if sold_now > TAKEN_MW:
            yield f"sell {megawatts(sold_now)} (facility) of {fleet.name} now"
        last = quarter(label(max(line.activity.stop for line in running)))
        words = "until" if len(running) == 1 else "in steps until"
        yield f"run {megawatts(sum(line.units_mw for line in running))} (facility) of {fleet.name} {words} {last}"
    for owner, purchase in enumerate(case.purchases):
        lines = _lines(plan, Kind.PURCHASE, owner)
        if lines:
            most = max(
                sum(line.units_mw for line in lines if line.activity.start <= q < line.activity.stop)
                for q in {line.activity.start for line in lines}
            )
            first = quarter(label(min(line.activity.start for line in lines)))
            yield f"buy up to {megawatts(most)} (facility) of {purchase.name} from {first}"
    if not case.fleets and not any(line.activity.use is Use.MINING for line in plan.mix):
        yield "mine nothing meanwhile" if plan.npv_of(Use.HOSTING) else "mine nothing"


def _what_would_change_it(plan: Allocation, explanation: Explanation) -> Iterator[str]:
    for found in explanation.break_evens:
        lease = plan.case.leases[found.offer]
        if found.rent_usd_per_kw_month is None:
            yield f"{lease.name}: {found.reason}."
            continue
        flips = [flip for flip in explanation.flips if flip.offer == found.offer]
        turn = f"{rent(found.rent_usd_per_kw_month)} (offered {rent(found.current_usd_per_kw_month)})"
        rest = f"{_capex_clause(flips, taken=found.taken)}{_price_clause(flips, taken=found.taken)}"
        rest += _rate_and_delay_clause(flips) if found.taken else ""
        if found.taken:
            yield f"{lease.name} stays in the plan, if only in part, down to a rent of {turn}{rest}."
        else:
            yield f"{lease.name} is refused: its first megawatt would enter at a rent of {turn}{rest}."


def _capex_clause(flips: Sequence[FlipPoint], *, taken: bool) -> str:
    flip = next((f for f in flips if f.path.endswith("capex_usd_per_kw")), None)
    if flip is None or flip.flips_at is None:
        return ""
    amount = f"{money(flip.flips_at * KW_PER_MW)} per MW (critical IT; now {money(flip.current * KW_PER_MW)})"
    return f", up to capex of {amount}" if taken else f", or at capex of {amount}"


def _price_clause(flips: Sequence[FlipPoint], *, taken: bool) -> str:
    prices = [f for f in flips if f.path == "market.btc_price_usd"]
    turns = [f"{'above' if f.is_upwards else 'below'} {_price(f)}" for f in prices if f.flips_at is not None]
    if not taken:
        return f", or with BTC {' or '.join(turns)}" if turns else ""
    if turns:
        return f", and unless BTC goes {' or '.join(turns)}"
    tried = sorted(f.searched_to for f in prices)
    return f", at every BTC price tried from {money(tried[0])} to {money(tried[-1])}" if tried else ""


def _rate_and_delay_clause(flips: Sequence[FlipPoint]) -> str:
    """Up to which hosting rate and lateness a taken offer stays; nothing where neither turned it."""
    words = []
    for flip in flips:
        if flip.flips_at is not None and flip.path == "finance.discount_rate_hosting":
            words.append(f"a hosting rate below {percent(flip.flips_at)}")
        if flip.flips_at is not None and flip.path.endswith("delay_months"):
            words.append(f"halls less than {flip.flips_at:.0f} months late")
    return f"; it needs {_joined(words)}" if words else ""


def _price(flip: FlipPoint) -> str:
    at = flip.flips_at or 0.0
    return f"{money(at)} ({at / flip.current:.1f} times today's)"


def _what_limits_it(explanation: Explanation) -> Iterator[str]:
    binding = [p for p in explanation.shadow_prices if _is_short(p)]
    binding.sort(key=lambda p: -p.gain_of_one_more_usd * (1e6 if p.limit.unit == "USD" else 1.0))
    if binding:
        named = [
            f"one more {_unit(p)} of {p.limit.label} is worth {_per_unit(p, p.gain_of_one_more_usd)}"
            for p in binding[:4]
        ]
        yield f"What limits it: {'; '.join(named)}."
    one_sided = [
        p
        for p in explanation.shadow_prices
        if not _is_short(p) and p.loss_of_one_less_usd is not None and p.loss_of_one_less_usd > _floor(p)
    ]
    if one_sided:
        named = [
            f"one {_unit(p)} of {p.limit.label} less costs {_per_unit(p, p.loss_of_one_less_usd or 0.0)}, "
            f"one more is worth {_little(p)}"
            for p in one_sided[:3]
        ]
        yield f"Fully used, though more would add little: {'; '.join(named)}."
    if not binding and not one_sided:
        yield "No limit binds: more power, capital or machines would add nothing."


def _is_short(price: ShadowPrice) -> bool:
    """More of it is worth something that compares with what less of it costs."""
    return price.gain_of_one_more_usd > _floor(price) and price.gain_of_one_more_usd > MEANT_SHARE * (
        price.loss_of_one_less_usd or 0.0
    )


def _little(price: ShadowPrice) -> str:
    return _per_unit(price, price.gain_of_one_more_usd) if price.gain_of_one_more_usd > _floor(price) else "nothing"


def _floor(price: ShadowPrice) -> float:
    return 0.01 if price.limit.unit == "USD" else NOT_WORTH_SAYING_USD


def _unit(price: ShadowPrice) -> str:
    return "dollar" if price.limit.unit == "USD" else price.limit.unit


def _per_unit(price: ShadowPrice, usd: float) -> str:
    return f"${usd:.2f}" if price.limit.unit == "USD" else money(usd)


def _why_nothing_is_mined(plan: Allocation) -> Iterator[str]:
    """Names the best machine and what it would lose, where machines could be bought before the halls but are not."""
    halls = [line.activity.start for line in plan.mix if line.activity.use is Use.HOSTING]
    if (
        plan.case.fleets
        or not halls
        or any(line.activity.kind is Kind.PURCHASE and line.activity.start < min(halls) for line in plan.mix)
    ):
        return
    before = [
        (float(v), a)
        for v, a in zip(plan.choices.npv_usd, plan.choices.items, strict=True)
        if a.kind is Kind.PURCHASE and a.stop <= min(halls)
    ]
    if before:
        worth, best = max(before, key=lambda pair: pair[0])
        if worth < 0:
            yield (
                f"Nothing is mined until the halls are built: the best that could be bought ({best.owner_name}) "
                f"would lose {money(-worth)} per facility MW in that time."
            )


def _fragility(explanation: Explanation) -> Iterator[str]:
    for found in explanation.break_evens:
        if found.rent_usd_per_kw_month is None:
            continue
        margin = abs(found.current_usd_per_kw_month / found.rent_usd_per_kw_month - 1.0)
        if margin < FRAGILE_MARGIN:
            would = "leave the plan" if found.taken else "enter the plan"
            yield f"Fragile: {found.name} would {would} if its rent changed by {percent(margin)}."


def what_is_firm(explanation: Explanation) -> Iterator[str]:
    """Which uses every plan nearly as good shares, and which could as well be done differently."""
    near = explanation.near
    if near is None:
        return
    used = [r for r in near.ranges if r.most_mw > MENTIONED_MW]
    firm = [r for r in used if r.most_mw - r.least_mw <= FIRM_SHARE * r.most_mw and r.least_mw > MENTIONED_MW]
    loose = [r for r in used if r not in firm]
    if firm:
        names = [f"{r.group.name} ({_between(r)})" for r in firm]
        where = f"within {percent(near.share)} of the best value, in average facility MW"
        yield f"Firm in every plan {where}: {_joined(names)}."
    if loose:
        names = [f"{r.group.name} ({_between(r)})" for r in loose]
        yield f"Not firm, in average facility MW over the horizon: {_joined(names)}."


def _between(found: UseRange) -> str:
    if found.most_mw - found.least_mw < ROUNDED_MW:
        return f"{found.most_mw:.1f} MW"
    return f"{found.least_mw:.1f} to {found.most_mw:.1f} MW"


def worst_stress(explanation: Explanation) -> Iterator[str]:
    """The named stress that costs the plan most; where cash runs out in one, that first."""
    if not explanation.stresses:
        return
    worst = min(explanation.stresses, key=lambda s: s.npv_usd)
    if worst.change_usd < 0:
        yield f"Worst of the named stresses: if {worst.words}, the plan is worth {money(worst.npv_usd)}."
    short = [s for s in explanation.stresses if s.least_cash_usd is not None and s.least_cash_usd < 0]
    if short:
        driest = min(short, key=lambda s: s.least_cash_usd or 0.0)
        yield f"It runs out of cash if {driest.words}: {money(-(driest.least_cash_usd or 0.0))} are missing then."


def _rates(plan: Allocation) -> str:
    finance = plan.case.finance
    return (
        f"Mining is discounted at {percent(finance.discount_rate_mining)}, hosting at "
        f"{percent(finance.discount_rate_hosting)}, unlevered and after {percent(finance.tax_rate)} tax; "
        "debt counts in the capital limit and the equity figures only."
    )


def infeasible(found: Infeasibility) -> list[str]:
    """Which limits forbid every plan, and the smallest change to each that would allow one."""
    cures = [r for r in found.alone if r.change is not None]
    signed = any(r.limit.key.startswith("committed__") for r in found.alone)
    sentences = ["No plan meets every limit" + (": what is signed cannot be delivered." if signed else ".")]
    if len(found.conflict) > 1:
        named = _joined([limit.label.removeprefix(RELIEF) for limit in found.conflict])
        cured = all(r.change is not None for r in found.alone if r.limit in found.conflict)
        end = "without any one of them there is a plan" if cured else "no plan meets them together"
        sentences.append(f"In conflict: {named}; {end}.")
    for repair in cures:
        lead = "Either" if len(cures) > 1 else "To allow one,"
        sentences.append(f"{lead} {_verb(repair)} by {_amount(repair)}.")
    if not cures:
        sentences.append("No limit cures it alone: at least two must change together.")
    if len(found.together) > 1:
        shared = _joined([f"{_verb(r)} by {_amount(r)}" for r in found.together])
        sentences.append(f"The smallest change in all, each by its share of the limit: {shared}.")
    helpless = [r.limit.label for r in found.alone if r.change is None]
    if cures and helpless:
        sentences.append(f"None of these cures it alone: {', '.join(helpless)}.")
    return sentences


def _verb(repair: Repair) -> str:
    floor = repair.limit.is_floor
    return f"{'reduce' if floor else 'raise'} the {repair.limit.label.removeprefix(RELIEF)}"


def _amount(repair: Repair) -> str:
    change = repair.change or 0.0
    return money(change) if repair.limit.unit == "USD" else f"{change:,.1f} {repair.limit.unit}"


def _joined(clauses: Sequence[str]) -> str:
    if len(clauses) <= 1:
        return "".join(clauses)
    return f"{', '.join(clauses[:-1])} and {clauses[-1]}"


def break_even_words(found: BreakEven) -> str:
    """A break-even in a table cell."""
    return found.reason if found.rent_usd_per_kw_month is None else rent(found.rent_usd_per_kw_month)
