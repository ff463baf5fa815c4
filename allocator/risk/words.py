"""What the risk program found, in sentences: the same on the pages as anywhere else."""

from __future__ import annotations

from math import isinf

from allocator.activities import Use
from allocator.formats import percent, quarter, table_money
from allocator.risk.answer import Bridge, RiskAnswer, RiskMix
from allocator.risk.report import mining_now
from allocator.risk.waiting import Trigger, WaitingValue

NOTHING_MW = 0.05
NOTHING_USD = 1_000.0


def share(part: float) -> str:
    """A share that is usually a whole number of percent.

    >>> share(0.2), share(0.025)
    ('20 %', '2.5 %')
    """
    return percent(part).replace(".0 %", " %")


def hosted_mw(mix: RiskMix) -> float:
    """Facility MW of every offer that a mix takes."""
    return sum(line.facility_mw for line in mix.mix if line.activity.use is Use.HOSTING)


def decision(answer: RiskAnswer, mix: RiskMix) -> str:
    """A mix and what it is worth, in one sentence."""
    hosted, mined = hosted_mw(mix), mining_now(answer, mix)
    leased = hosted > NOTHING_MW
    lease = f"lease {hosted:,.1f} facility MW" if leased else "refuse every offer"
    mine = f"mine {mined:,.1f}{'' if leased else ' facility MW'} now" if mined > NOTHING_MW else "mine nothing now"
    what = f"{lease} and {mine}" if mix.mix else "leave the site idle"
    fresh = mix.fresh
    return (
        f"At a weight of {share(mix.sought.risk_weight)} on the worst {share(1 - answer.case.risk.tail_level)} of "
        f"futures: {what}; worth {table_money(fresh.mean_usd)} in the mean, {table_money(fresh.cvar_usd)} in the tail, "
        f"a loss in {percent(fresh.probability_of_loss)} of futures."
    )


def bridge_sentence(bridge: Bridge) -> str:
    """From two rates to one, and the weight that says the same."""
    chance = bridge.mean_usd - bridge.one_rate_npv_usd
    verb = "adds" if chance > 0 else "takes"
    same = (
        f"A weight of {percent(bridge.weight)} on its tail values it as the two rates do."
        if bridge.weight is not None
        else "No weight from 0 to 100 % on its tail values it as the two rates do."
    )
    return (
        f"The plan made without risk is worth {table_money(bridge.two_rate_npv_usd)} at two rates; the same cash flows "
        f"{table_money(bridge.one_rate_npv_usd)} at one; chance {verb} {table_money(abs(chance))}, which leaves "
        f"{table_money(bridge.mean_usd)} in the mean of the futures. {same}"
    )


def waiting_sentence(found: WaitingValue) -> str:
    """What to do with an offer that is not signed yet."""
    mw = found.facility_mw
    first = quarter(found.dates[0])
    best = f"in {quarter(found.dates[found.best_fixed])}" if found.best_fixed >= 0 else "never"
    timing, option = mw * found.timing_usd, mw * found.option_usd
    start = f"{found.offer}: the best date fixed today is {best}"
    if found.best_fixed == 0:
        start = f"{found.offer}: sign at once, in {first}"
    elif abs(timing) >= NOTHING_USD:
        start += f", worth {table_money(timing)} more than signing in {first}"
    if option > 2.0 * mw * found.option_error_usd and option >= NOTHING_USD:
        error = table_money(mw * found.option_error_usd)
        return f"{start}; reacting to what happens adds {table_money(option)}, give or take {error}."
    return f"{start}; reacting to what happens adds nothing that can be told from chance."


def trigger_words(trigger: Trigger) -> str:
    """When to sign at a date, as the pages say it."""
    if trigger.hashprice_usd_per_ph_day is None:
        return "wait"
    if isinf(trigger.hashprice_usd_per_ph_day):
        return "sign at any hashprice"
    return f"sign below ${trigger.hashprice_usd_per_ph_day:,.2f} /PH/day"
