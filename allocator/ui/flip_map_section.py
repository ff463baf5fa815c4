"""Where the answer to an offer turns, on page Why: two inputs to choose, the map of them from the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import streamlit as st

from allocator.activities import Kind
from allocator.allocation import TAKEN_MW, Allocation
from allocator.case import Case
from allocator.flip_map import POINTS, POINTS_WHOLE, SPAN, Axis, around
from allocator.ui import answers, downloads, flip_map_chart, flip_map_words, state
from allocator.ui.figure import show as show_figure
from allocator.ui.terms import plain
from allocator.ui.waiting import redraw_when_done

OFFER, MARKET, LEASE, ASKED = "why_offer", "why_market", "why_lease", "why_map_asked"
LEASE_INPUTS = ("rent_usd_per_kw_month", "capex_usd_per_kw", "noi_margin")


def market_axes(case: Case, points: int) -> dict[str, Axis]:
    """Inputs of the market that can be moved in shares of today's value; hourly prices are not one number."""
    paths = {"btc_price_usd": "market.btc_price_usd"}
    if case.power.hourly_prices is None and case.power.price_usd_per_mwh > 0:
        paths["price_usd_per_mwh"] = "power.price_usd_per_mwh"
    return {name: _axis(case, path, points) for name, path in paths.items()}


def lease_axes(case: Case, offer: int, points: int) -> dict[str, Axis]:
    """Inputs of the lease that are above nothing; a margin goes up to all of the rent at most."""
    lease = case.leases[offer]
    axes = {
        name: _axis(case, f"leases[{offer}].{name}", points) for name in LEASE_INPUTS[:2] if getattr(lease, name) > 0
    }
    if lease.noi_margin > 0:
        low = SPAN[0] * lease.noi_margin
        high = min(1.0, SPAN[1] * lease.noi_margin)
        axes["noi_margin"] = Axis(f"leases[{offer}].noi_margin", tuple(np.linspace(low, high, points).tolist()))
    return axes


def _axis(case: Case, path: str, points: int) -> Axis:
    return Axis(path, around(flip_map_words.today(case, Axis(path, ())), points))


def show(plan: Allocation) -> None:
    """Pickers, then the map or the wait for it, in the current container."""
    case = plan.case
    if not case.leases:
        st.info("This case has no offer of a lease.")
        return
    halls = bool(plan.program.form.integer.any())
    points = POINTS_WHOLE if halls else POINTS
    columns = st.columns(3, gap="medium")
    names = [lease.name for lease in case.leases]
    with columns[0]:
        offer = names.index(_picked(OFFER, "Offer", names, _first_taken(plan), str))
    markets, leases = market_axes(case, points), lease_axes(case, offer, points)
    with columns[1]:
        market = markets[_picked(MARKET, "Across", list(markets), "btc_price_usd", _axis_name)]
    with columns[2]:
        lease = leases[_picked(LEASE, "Up", list(leases), next(iter(leases)), _axis_name)]
    if case.leases[offer].committed:
        st.caption(f"{plain(names[offer])} is signed: it is taken wherever there is a plan.")
    asked = f"{case.sha256()} {offer} {market.path} {lease.path}"
    if halls and state.choice(ASKED, "") != asked:
        st.warning(
            f"The plan takes whole halls: each of the {points} x {points} cells is an integer program, all together "
            "some ten seconds and more.",
            icon=":material/timer:",
        )
        st.button("Work out the map", key="map_ask", type="primary", on_click=state.choose, args=(ASKED, asked))
        return
    job = answers.flip_map_job(plan, offer, market, lease)
    state.now_working_on(job, state.MAPPING)
    if reason := downloads.failure_of(job):
        st.warning(plain(reason), title="The map could not be worked out")
    elif not job.done():
        redraw_when_done([job], f"Solving {points * points} plans …")
    else:
        found = job.result()
        show_figure(flip_map_chart.map_figure(case, found))
        missing = flip_map_words.missing_words(found)
        st.caption(f"{missing}Each cell is a plan of its own; between cells nothing was solved.")
        with st.expander("The map as a table", key="map_table"):
            st.dataframe(
                flip_map_chart.grid_table(found).round(1), key="map_cells", hide_index=True, width="stretch", height=320
            )


def _axis_name(name: str) -> str:
    scale = flip_map_words.SCALES[name]
    return f"{scale.name[:1].upper()}{scale.name[1:]}"


def _first_taken(plan: Allocation) -> str:
    """The first offer that the plan takes, else the first."""
    leases = plan.case.leases
    taken: Iterable[str] = (lease.name for i, lease in enumerate(leases) if plan.taken_mw(Kind.LEASE, i) > TAKEN_MW)
    return next(iter(taken), leases[0].name)


def _picked(key: str, label: str, names: list[str], default: str, form: Callable[[str], str]) -> str:
    """A picker that keeps what was chosen as long as it can be."""
    chosen = state.choice(key, default)
    state.offer_to_widget(key, chosen if chosen in names else default)
    st.segmented_control(
        label,
        names,
        key=key,
        format_func=form,
        required=True,
        on_change=state.take_choice,
        args=(key,),
    )
    return str(state.widget_value(key))
