"""Sites: a table of sites over one base case, solved beside the page, ranked; and one budget over all of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pandas as pd
import streamlit as st

from allocator.ui import sites_state, sites_table, state
from allocator.ui.desk import Desk
from allocator.ui.downloads import XLSX
from allocator.ui.figure import show
from allocator.ui.frame import page_of_case
from allocator.ui.markdown_table import markdown_table, show_table
from allocator.ui.portfolio_section import show_portfolio
from allocator.ui.sites_chart import sites_figure
from allocator.ui.sites_job import Job
from allocator.ui.sites_state import Run
from allocator.ui.sites_upload import KINDS, MOST_BYTES, MOST_SITES, SAMPLE, Loaded, place, sample
from allocator.ui.sites_wait import stopped, wait_for
from allocator.ui.sites_worker import FOUND, PARTIAL
from allocator.ui.terms import plain
from allocator.ui.waiting import LOOK_EVERY_SECONDS

PREVIEW_COLUMNS = (
    "name",
    "site.grid_mw",
    "power.price_usd_per_mwh",
    "leases[0].rent_usd_per_kw_month",
    "leases[0].capex_usd_per_kw",
)
PREVIEW_ROWS = 4


def page() -> None:
    """Draw the page."""
    with page_of_case() as desk:
        loaded = sites_state.loaded()
        _refused_table()
        if loaded is None:
            _nothing_yet(desk)
        else:
            _table(loaded, desk)


def _refused_table() -> None:
    """Every fault of a table that could not be used."""
    faults = sites_state.table_faults()
    if not faults:
        return
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    st.error(
        f"It has {many}." + (" The table below is the one before it." if sites_state.loaded() else ""),
        title="This table cannot be used",
        icon=":material/error:",
    )
    listed = pd.DataFrame(
        [(*place(f), f.value, f.rule, f.remedy) for f in faults], columns=["row", "column", "value", "rule", "remedy"]
    )
    show_table("sites_table_faults", listed, ["row"], listed)


def _nothing_yet(desk: Desk) -> None:
    """What this page does, the two ways to begin, and what a table looks like."""
    st.subheader("Many sites over one base case: which are worth taking, and where one budget earns most", anchor=False)
    st.markdown(
        f"Hand in a table with a row a site. Its columns are inputs of the case by their paths; what a row leaves "
        f"blank is as in the case on the desk, **{plain(desk.case.name)}**. Each site is solved by itself; then one "
        f"budget can be spread over all of them."
    )
    left, right = st.columns(2, gap="large")
    with left.container(border=True):
        st.markdown("**Your table**")
        _upload()
    with right.container(border=True):
        st.markdown("**Or the sample:** twelve signed deals, as if the choice were still open")
        st.button(
            "Use the sample table",
            key="sites_sample",
            type="primary",
            icon=":material/table_rows:",
            on_click=sites_state.take_sample,
        )
        _sample_download()
    content = pd.read_csv(BytesIO(sample()), dtype=str)
    preview = content[list(PREVIEW_COLUMNS)].head(PREVIEW_ROWS)
    st.markdown(
        f"**What a table looks like**  \n:gray[{PREVIEW_ROWS} of its {len(content)} rows and {len(PREVIEW_COLUMNS)} of "
        f"its {len(content.columns)} columns; a head that begins with \\# is a remark]"
    )
    with st.container(key="printed_sites_preview"):
        st.markdown(markdown_table(preview, PREVIEW_COLUMNS[1:]))


def _upload() -> None:
    st.file_uploader(
        f"CSV or XLSX, up to {MOST_SITES:,} sites and {MOST_BYTES // 1_000_000} MB",
        list(KINDS),
        key=sites_state.UPLOAD,
        on_change=sites_state.take_upload,
        max_upload_size=MOST_BYTES // 1_000_000,
    )


def _sample_download() -> None:
    st.download_button(
        "Download the sample table",
        sample(),
        SAMPLE,
        "text/csv",
        key="sites_sample_download",
        icon=":material/download:",
        on_click="ignore",
    )


def _table(loaded: Loaded, desk: Desk) -> None:
    """Which table over which case; then its run, its results, the budget."""
    count = len(loaded.table.rows)
    words, change = st.columns([4, 1], vertical_alignment="center")
    words.markdown(
        f"**{plain(loaded.name)}**: {count:,} {'site' if count == 1 else 'sites'} over the base case "
        f"**{plain(loaded.base_name)}** :gray[({len(loaded.table.columns.inputs)} inputs by site; blank cells as in "
        f"the base case)]"
    )
    with change.popover("Another table", icon=":material/table_rows:", width="stretch"):
        _upload()
        st.button("Use the sample table", key="sites_sample", on_click=sites_state.take_sample)
        _sample_download()
    _other_desk(loaded, desk)
    run = sites_state.run()
    if run is None:
        sites_table.show_row_faults(loaded)
        st.button(
            f"Solve {count:,} {'site' if count == 1 else 'sites'}",
            key="sites_solve",
            type="primary",
            icon=":material/play_arrow:",
            on_click=sites_state.solve,
        )
    elif not run.job.ended:
        wait_for(run.job, "sites_stop", sites_state.stop)
        st.caption("Every page can be used meanwhile. What is solved is kept, also when this is stopped.")
    else:
        _ended(run)


def _other_desk(loaded: Loaded, desk: Desk) -> None:
    """The desk holds another case than the base: one of the sites, or something else."""
    if desk.case == loaded.table.base.case:
        return
    name = plain(desk.case.name)
    words, button = st.columns([4, 1], vertical_alignment="center")
    if sites_state.is_on_desk(desk.origin):
        edited = ", with inputs that you changed" if desk.changes else ""
        words.info(
            f"**{name}** of this table is on the desk{edited}: every page shows it.", icon=":material/desktop_windows:"
        )
    else:
        words.info(
            f"The desk holds **{name}** with other inputs than the base case. What stands below is over the base case "
            f"as it was when the table was read.",
            icon=":material/info:",
        )
        button.button(
            "Take it as base",
            key="sites_rebase",
            help="Read the table again over the case on the desk",
            on_click=sites_state.take_again,
            width="stretch",
        )
    button.button(
        "Back to the base",
        key="sites_back",
        help=f"Put {plain(loaded.base_name)} on the desk as it was",
        on_click=sites_state.back_to_base,
        width="stretch",
    )


def _ended(run: Run) -> None:
    """Results whole or in part; a run that gave nothing says why."""
    job = run.job
    if job.faults or job.failure:
        words = "\n".join(f"- {plain(str(fault))}" for fault in job.faults) or plain(job.failure)
        st.error(words, title="The sites could not be solved", icon=":material/error:")
    solved = run.solved
    found, count = len(solved.outcomes), len(run.loaded.table.rows)
    if not job.complete:
        if job.stopped:
            stopped(f"{found:,} of {count:,} sites are solved and kept; the rest is open.")
        st.button(
            "Go on",
            key="sites_go_on",
            type="primary",
            icon=":material/play_arrow:",
            on_click=sites_state.solve,
        )
    if found:
        _results(run)
        show_portfolio(run.loaded)


def _results(run: Run) -> None:
    """The finding, the chart, the table, what to take away."""
    ranked = sites_table.ranking(run.solved)
    st.subheader(plain(sites_table.headline(ranked, so_far=not run.job.complete)), anchor=False)
    if words := sites_table.without_plan(ranked):
        st.markdown(f":material/rule: {plain(words)}")
    if figure := sites_figure(ranked, run.loaded.table):
        show(figure)
    st.markdown("**The sites by NPV**  \n:gray[each by itself with its own capital; a click on a head sorts by it]")
    sites_table.show_ranking(ranked)
    sites_table.show_without_plan(ranked)
    _open_site(run.loaded, ranked)
    _downloads(run)


def _open_site(loaded: Loaded, ranked: pd.DataFrame) -> None:
    """Choose one site and put its case on the desk."""
    sound = [name for name in ranked.loc[ranked["status"] != "bad input", "site"] if loaded.row(name)]
    if not sound:
        return
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    name = left.selectbox("One site in full on every page", sound, key="sites_chosen")
    right.button(
        "Open this site",
        key="sites_open",
        icon=":material/open_in_new:",
        on_click=sites_state.open_site,
        args=(name,),
        disabled=name is None or (sites_state.is_on_desk(name) and not state.desk().changes),
        width="stretch",
    )


def _downloads(run: Run) -> None:
    """Workbook and CSV as the command line writes them; of a stopped run, of what was found."""
    writing: Job | None = None if run.job.complete else sites_state.files_of_what_was_found()
    folder = run.job.folder / (FOUND if writing is None else PARTIAL)
    ready = writing is None or writing.complete
    contents = [_content(folder / f"results.{ending}") if ready else b"" for ending in ("xlsx", "csv")]
    first, second = st.columns(2)
    for column, ending, mime, icon, content in (
        (first, "xlsx", XLSX, ":material/table_view:", contents[0]),
        (second, "csv", "text/csv", ":material/csv:", contents[1]),
    ):
        column.download_button(
            f"Results .{ending}" + ("" if content else " · being written"),
            content,
            f"results.{ending}",
            mime,
            key=f"sites_results_{ending}",
            icon=icon,
            disabled=not content,
            on_click="ignore",
            width="stretch",
        )
    if writing is not None and not writing.ended:
        _redraw_when_written(writing)
    elif writing is not None and not writing.complete:
        st.caption(plain(f"The files could not be written: {writing.failure or 'stopped'}."))


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


@st.fragment(run_every=LOOK_EVERY_SECONDS)
def _redraw_when_written(writing: Job) -> None:
    if writing.ended:
        st.rerun()


if __name__ == "__main__":
    page()
