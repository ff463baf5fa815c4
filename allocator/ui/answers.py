"""Answers of a case, kept between redraws: the plan at once, its explanation and its board pack from the background.

Only here and in risk_answers is anything cached; the key is every input of the case. A plan takes about a tenth of a
second, an explanation some seconds, so it is computed beside the page: edits are never held up by it.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from allocator.allocation import Allocation, InfeasibleError, allocate
from allocator.case import Case
from allocator.explain import Explanation, QuarterPrice, explain, quarterly_prices
from allocator.flip_map import Axis, FlipMap, flip_map
from allocator.infeasible import Infeasibility, infeasibility
from allocator.offers import OfferTerms, offer_terms
from allocator.program.limits import Limit
from allocator.program.solve import SolverError
from allocator.sentences import infeasible
from allocator.ui.background import is_lost, submit

if TYPE_CHECKING:
    from allocator.workbook.brand import Brand

KEPT_PLANS, KEPT_JOBS = 64, 32


@dataclass(frozen=True)
class Conflict:
    """No plan meets every limit: why, and the smallest changes that would allow one, of one limit or of several."""

    sentences: tuple[str, ...]
    found: Infeasibility


@dataclass(frozen=True)
class Failure:
    """No answer could be computed or proven; the reason in words."""

    reason: str


def answer(case: Case) -> Allocation | Conflict | Failure:
    """The plan of a case, or why there is none."""
    return _answer(_key(case), case)


@st.cache_resource(max_entries=KEPT_PLANS, show_spinner=False)
def _answer(key: str, _case: Case) -> Allocation | Conflict | Failure:
    del key
    try:
        return allocate(_case)
    except InfeasibleError as conflict:
        found = infeasibility(conflict.program)
        return Conflict(tuple(infeasible(found)), found)
    except (SolverError, ArithmeticError, ValueError) as error:
        return Failure(f"The plan of this case could not be computed: {error}")


def term_sheets(case: Case, plan: Allocation | None) -> tuple[OfferTerms, ...]:
    """The term sheet of every offer, as the plan takes it or from its earliest start."""
    return _term_sheets(_key(case), plan is not None, case, plan)


@st.cache_resource(max_entries=KEPT_JOBS, show_spinner=False)
def _term_sheets(key: str, solved: bool, _case: Case, _plan: Allocation | None) -> tuple[OfferTerms, ...]:
    del key, solved
    return offer_terms(_case, _plan)


def explanation_job(plan: Allocation) -> Future[Explanation]:
    """The explanation of a plan, being computed or done."""
    key = _key(plan.case)
    job = _explanation_job(key, plan)
    if is_lost(job):
        _explanation_job.clear(key, plan)
        job = _explanation_job(key, plan)
    return job


@st.cache_resource(max_entries=KEPT_JOBS, show_spinner=False)
def _explanation_job(key: str, _plan: Allocation) -> Future[Explanation]:
    del key
    return submit(explain, _plan)


def quarter_prices(plan: Allocation, limit: Limit) -> tuple[QuarterPrice, ...]:
    """What one unit of a limit is worth in each quarter that has one price."""
    return _quarter_prices(_key(plan.case), limit.key, plan, limit)


@st.cache_resource(max_entries=KEPT_PLANS, show_spinner=False)
def _quarter_prices(key: str, name: str, _plan: Allocation, _limit: Limit) -> tuple[QuarterPrice, ...]:
    del key, name
    return quarterly_prices(_plan, _limit)


def flip_map_job(plan: Allocation, offer: int, market: Axis, lease: Axis) -> Future[FlipMap]:
    """The flip map of an offer over two inputs, being computed or done."""
    key = (_key(plan.case), offer, market, lease)
    job = _flip_map_job(*key, plan)
    if is_lost(job):
        _flip_map_job.clear(*key, plan)
        job = _flip_map_job(*key, plan)
    return job


@st.cache_resource(max_entries=KEPT_JOBS, show_spinner=False, hash_funcs={Axis: repr})
def _flip_map_job(key: str, offer: int, market: Axis, lease: Axis, _plan: Allocation) -> Future[FlipMap]:
    del key
    return submit(flip_map, _plan, offer, market, lease)


def pack_job(plan: Allocation, explanation: Explanation) -> Future[bytes]:
    """The board pack of a plan, being written or done."""
    key = _key(plan.case)
    job = _pack_job(key, plan, explanation)
    if is_lost(job):
        _pack_job.clear(key, plan, explanation)
        job = _pack_job(key, plan, explanation)
    return job


@st.cache_resource(max_entries=KEPT_JOBS, show_spinner=False)
def _pack_job(key: str, _plan: Allocation, _explanation: Explanation) -> Future[bytes]:
    del key
    return submit(board_pack, _plan, _explanation)


def board_pack(plan: Allocation, explanation: Explanation, brand: Brand | None = None) -> bytes:
    """The board pack as the content of an .xlsx file, in a brand of the reader's or the shipped one.

    Raises
    ------
    RuntimeError
        If this installation cannot write workbooks.
    """
    try:
        from allocator.sensitivity import sensitivities  # noqa: PLC0415
        from allocator.workbook import write_pack  # noqa: PLC0415  (openpyxl only when a pack is written)
    except ImportError as error:
        raise RuntimeError("workbooks are not part of this installation") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.xlsx"
        write_pack(plan, explanation, path, brand, sensitivities(plan))
        return path.read_bytes()


def _key(case: Case) -> str:
    return case.model_dump_json(by_alias=True)
