"""One budget over the sites of the table: what is asked, the wait, what is entered and what more would bring."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from allocator.formats import megawatts, money, table_money
from allocator.portfolio.mandate import read_mandate
from allocator.ui import sites_state
from allocator.ui.downloads import XLSX
from allocator.ui.figure import show, show_figures
from allocator.ui.markdown_table import DASH, show_table
from allocator.ui.portfolio_charts import Answer, budget_usd, capital_figure, curve_figure, entered
from allocator.ui.sites_state import Spending
from allocator.ui.sites_upload import Loaded
from allocator.ui.sites_wait import stopped, wait_for
from allocator.ui.sites_worker import ANSWER, PACK, SPENT
from allocator.ui.terms import Scale, plain
from models.assumptions import Fault

MILLIONS, PERCENT = Scale(-6, "USD M"), Scale(2, "%")
USUAL_BUDGET_USD = 1e9
MOST_NAMED = 10
MOST_SITES = 2_000
"""Sites that share a budget on this page: they take some six minutes and a gigabyte."""
FIELDS: dict[str, tuple[str, str, str, Scale]] = {
    "capital_usd": (
        "portfolio_capital",
        "Budget, USD M",
        "Equity for all sites together; it stands in the place of each site's own capital limit.",
        MILLIONS,
    ),
    "max_debt_usd": (
        "portfolio_debt",
        "Debt at most, USD M",
        "Project debt outstanding over all sites in any quarter, with interest during construction; empty: no limit.",
        MILLIONS,
    ),
    "max_tenant_share": (
        "portfolio_tenant",
        "One tenant at most, %",
        "Of all critical IT MW leased over the portfolio; empty or 100: no limit.",
        PERCENT,
    ),
    "minimum_ticket_usd": (
        "portfolio_ticket",
        "Minimum ticket, USD M",
        "A site is entered with at least so much equity paid in, or not at all; empty or 0: none.",
        MILLIONS,
    ),
}
BUTTON = "Spend it where it earns most"


def show_portfolio(loaded: Loaded) -> None:
    """Draw it in the current container."""
    st.markdown("### One budget over these sites")
    refused = _form(loaded)
    held = sites_state.spending()
    if refused:
        _faults(refused)
    elif held is None:
        st.caption(
            "Which of the sites to enter, with how much capital each, and what one more dollar would be worth. "
            "Above, every site stands by itself with its own capital."
        )
    elif not held.job.ended:
        wait_for(held.job, "portfolio_stop", sites_state.stop_spending)
    elif held.job.stopped:
        stopped(f"Press *{BUTTON}* to begin again.")
    elif held.job.faults:
        _faults(held.job.faults)
    elif held.job.failure:
        st.error(
            f"{plain(held.job.failure)}\n\nChange the budget or a limit, or try again.",
            title="The portfolio could not be worked out",
            icon=":material/error:",
        )
    elif "infeasible" in held.job.told:
        sentences = held.job.told["infeasible"]["sentences"]
        st.error(
            "\n".join(f"- {plain(words)}" for words in sentences),
            title="No plan enters every site that must be done",
            icon=":material/block:",
        )
    else:
        _answer(held)


def _form(loaded: Loaded) -> tuple[Fault, ...]:
    """Budget and limits; nothing is worked out before the button is pressed. Returns what is wrong with them then."""
    with st.form("portfolio_form"):
        columns = st.columns(4, gap="small")
        for column, (field, (key, label, meaning, scale)) in zip(columns, FIELDS.items(), strict=True):
            usual = sites_state.choice(field, _usual(loaded) if field == "capital_usd" else None)
            column.number_input(
                label,
                key=key,
                value=None if usual is None else scale.shown(usual),
                min_value=0.0,
                max_value=100.0 if scale is PERCENT else None,
                step=5.0 if scale is PERCENT else 50.0,
                format="%.10g",
                placeholder="no limit",
                help=meaning,
            )
        if st.form_submit_button(BUTTON, key="portfolio_spend", type="primary", icon=":material/savings:"):
            return _begin(len(loaded.table.rows))
    return ()


def _usual(loaded: Loaded) -> float:
    capital = loaded.table.base.case.policy.capital_usd
    return float(capital) if isinstance(capital, (int, float)) else USUAL_BUDGET_USD


def _begin(sites: int) -> tuple[Fault, ...]:
    options: dict[str, float | None] = {}
    for field, (key, _, _, scale) in FIELDS.items():
        given = st.session_state.get(key)
        options[field] = None if given is None else scale.read(given)
        sites_state.choose(field, options[field])
    faults: list[Fault] = []
    read_mandate({name: value for name, value in options.items() if value is not None}, faults)
    if sites > MOST_SITES:
        rule = f"are more than {MOST_SITES:,}"
        faults.append(Fault("sites", f"{sites:,}", rule, "hand in fewer; allocator portfolio takes them all"))
    if not faults:
        sites_state.spend(options)
    return tuple(faults)


def _faults(faults: tuple[Fault, ...]) -> None:
    """What of the budget, the limits or the table is wrong, in the labels of the form."""
    words = []
    for fault in faults:
        label = next((label for field, (_, label, _, _) in FIELDS.items() if field in fault.field), "")
        label = FIELDS["capital_usd"][1] if fault.field == "--capital" else label
        words.append(f"- **{plain(label)}**: {plain(str(fault))}" if label else f"- {plain(str(fault))}")
    st.error(
        "\n".join(words[:MOST_NAMED]) + ("\n- …" if len(words) > MOST_NAMED else ""),
        title="The budget cannot be spent as it is asked",
        icon=":material/error:",
    )


def answer_of(held: Spending) -> Answer:
    """The answer that was written, in the keys of ``allocator portfolio --json``."""
    found: Answer = json.loads((held.job.folder / SPENT / ANSWER).read_text(encoding="utf-8"))
    return found


def _answer(held: Spending) -> None:
    try:
        answer = answer_of(held)
        pack = (held.job.folder / SPENT / PACK).read_bytes()
    except OSError:
        stopped(f"Press *{BUTTON}* to begin again.")
        return
    first, *rest = answer["sentences"]
    st.subheader(plain(first), anchor=False)
    st.caption(plain(f"Asked: {asked_words(held.options)}."))
    if left_out := answer["left_out"]:
        named = ", ".join(left_out[:MOST_NAMED]) + (" …" if len(left_out) > MOST_NAMED else "")
        st.warning(plain(f"Left out, since their rows have faults: {named}."), icon=":material/rule:")
    _figures(answer)
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in rest))
    capital = capital_figure(answer)
    if capital:
        show_figures(capital, curve_figure(answer))
    else:
        show(curve_figure(answer))
    _sites(answer)
    st.download_button(
        "Portfolio workbook .xlsx",
        pack,
        "portfolio.xlsx",
        XLSX,
        key="portfolio_pack",
        icon=":material/table_view:",
        on_click="ignore",
    )


def asked_words(options: dict[str, float | None]) -> str:
    """What was asked, so that an answer is never read beside another question.

    >>> asked_words({"capital_usd": 1.5e9, "max_debt_usd": None, "max_tenant_share": 0.4, "minimum_ticket_usd": 0.0})
    'a budget of $1.50 bn, one tenant with 40 % of what is leased at most'
    """
    words = [f"a budget of {money(options['capital_usd'] or 0.0)}"]
    if (debt := options["max_debt_usd"]) is not None:
        words.append(f"{money(debt)} of debt at most")
    if (share := options["max_tenant_share"]) is not None and share < 1.0:
        words.append(f"one tenant with {share * 100:.3g} % of what is leased at most")
    if ticket := options["minimum_ticket_usd"]:
        words.append(f"{money(ticket)} in a site or nothing")
    return ", ".join(words)


def _figures(answer: Answer) -> None:
    price, found = answer["shadow_prices"][0], entered(answer)
    loss = price["loss_of_one_less_usd"]
    leased = float(found["leased_critical_it_mw"].sum())
    metrics = [
        ("NPV", table_money(answer["npv_usd"]), f"at most {table_money(answer['bound_usd'])}",
         "Of all sites entered, over entering none; below it the bound that no plan goes beyond."),
        ("Capital used", table_money(answer["peak_capital_usd"]), f"of {table_money(budget_usd(answer))}",
         "Equity of all sites together in the quarter in which it is most."),
        ("One more dollar", f"${price['gain_of_one_more_usd']:,.2f}",
         "no plan with less" if loss is None else f"one less costs ${loss:,.2f}",
         f"NPV per dollar of budget, by solving again with {money(price['step'])} more and less."),
        ("Sites entered", f"{len(found):,}", f"of {len(answer['sites']):,}", "Sites that do anything in the plan."),
        ("Leased", megawatts(leased), "critical IT", "Critical IT MW let over all sites."),
    ]  # fmt: skip
    for column, (label, value, below, meaning) in zip(st.columns(len(metrics), gap="small"), metrics, strict=True):
        column.metric(
            label, plain(value), plain(below), delta_color="off", delta_arrow="off", help=plain(meaning), border=True
        )


def _sites(answer: Answer) -> None:
    """Sites entered as print, then why the others are passed over."""
    found = entered(answer)
    if not found.empty:
        st.markdown("**Sites entered**")
        shown = found[["site", "plan"]].assign(
            capital=found["capital_usd"].map(table_money),
            NPV=found["npv_usd"].map(table_money),
            alone=found["npv_alone_usd"].map(_money_or_dash),
            brings=found["brings_at_least_usd"].map(_money_or_dash),
        )
        show_table("portfolio_sites", shown, ["capital", "NPV", "alone", "brings"], found)
        st.caption(
            "alone: NPV of the site by itself with the whole budget; brings: what the portfolio loses without it."
        )
    passed = [site for site in answer["sites"] if site["standing"] != "entered"]
    if passed:
        with st.expander(f"Why {len(passed):,} of the sites are passed over"):
            ranked = sorted(passed, key=lambda site: site["rank"])
            st.markdown("\n".join(f"- **{plain(s['name'])}**: {plain(s['reason'])}." for s in ranked[:50]))


def _money_or_dash(value: Any) -> str:
    return DASH if value is None or value != value else table_money(float(value))  # noqa: PLR0124  (not a number)
