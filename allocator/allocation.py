"""The answer to a case: mix, schedule, ledger, figures and the certificate that they are right. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.activities import Activities, Activity, Kind, Use, activities
from allocator.case import Case
from allocator.program.build import Program, build, with_integers_fixed
from allocator.program.certificate import Certificate, certify
from allocator.program.constraints import grid_mw
from allocator.program.solve import HIGHS, Answer, LiveProgram, SolverError, Status, solve
from models.lender_view import DUST
from models.returns import irr, irr_reason, moic, npv, payback_years
from models.timeline import Vector

TAKEN_MW = 1e-6
"""Less than a watt is a solver's dust: it stays in the ledger but is not listed as part of the mix."""
SALE_SLACK = 1e-9
"""Share of the NPV that may be given up where the fewest bitcoin to sell are looked for."""
CONTINUOUS_LIMIT, INTEGER_LIMIT, OTHER_SOLVER_LIMIT = 1e-9, 1e-6, 1e-6


@dataclass(frozen=True)
class MixLine:
    """One activity of the recommended mix."""

    activity: Activity
    units_mw: float
    """Facility MW of machines, or critical IT MW of an offer."""
    facility_mw: float
    npv_usd: float
    capex_usd: float


@dataclass(frozen=True)
class QuarterUse:
    """Facility MW by use in one quarter; they sum to the grid."""

    quarter: str
    grid_mw: float
    mining_mw: float
    hosting_mw: float
    idle_mw: float


class InfeasibleError(Exception):
    """No plan meets every limit. Carries the program, so that the conflict can be explained."""

    def __init__(self, program: Program) -> None:
        self.program = program
        super().__init__("no plan meets every limit")


@dataclass(frozen=True)
class Allocation:
    """The best plan of a case. Arrays run over the months 0..M or the activities J of ``program.choices``."""

    program: Program
    answer: Answer
    units: Vector
    """Facility or critical IT MW of each activity, (J,)."""
    solver: str
    certificate: Certificate

    @property
    def case(self) -> Case:
        """The case that was solved."""
        return self.choices.case

    @property
    def choices(self) -> Activities:
        """Every activity that was open."""
        return self.program.choices

    @cached_property
    def terms_usd(self) -> Vector:
        """NPV of each activity in the plan, (J,); the ledger of the objective."""
        return self.choices.npv_usd * self.units

    @cached_property
    def npv_usd(self) -> float:
        """Value of the plan over doing nothing; mining and hosting each at their own rate."""
        return float(self.terms_usd.sum())

    @cached_property
    def capex_usd(self) -> float:
        """All capex of the plan, undiscounted."""
        return float(self.choices.capex_usd @ self.units)

    def npv_of(self, use: Use) -> float:
        """The part of the NPV that one use brings."""
        mine = np.array([a.use is use for a in self.choices.items])
        return float(self.terms_usd[mine].sum()) if mine.size else 0.0

    @cached_property
    def equity_cash_flow_usd(self) -> Vector:
        """Cash to and from the owner after debt and tax (losses carried forward), (M + 1,)."""
        return self.choices.equity_cash_flow_usd @ self.units

    @cached_property
    def peak_equity_usd(self) -> float:
        """Most money the owner has in at one time: the deepest point of the cumulative equity cash flow."""
        return float(max(0.0, -np.cumsum(self.equity_cash_flow_usd).min()))

    @cached_property
    def _invested(self) -> Vector:
        """Units of the activities that need capital: what a return on new money is measured on."""
        return np.where(self.choices.capex_usd > 0, self.units, 0.0)

    @cached_property
    def investment_cash_flow_usd(self) -> Vector:
        """Unlevered cash flow of everything that is built or bought, (M + 1,); fleets owned today are not in it."""
        return self.choices.cash_flow_usd @ self._invested

    @cached_property
    def levered_cash_flow_usd(self) -> Vector:
        """Equity cash flow of everything that is built or bought, (M + 1,)."""
        return self.choices.equity_cash_flow_usd @ self._invested

    @cached_property
    def irr(self) -> float | None:
        """Unlevered IRR on new money, after tax."""
        return irr(self.investment_cash_flow_usd)

    @cached_property
    def levered_irr(self) -> float | None:
        """IRR of the equity put into new things."""
        return irr(self.levered_cash_flow_usd)

    @cached_property
    def equity_npv_usd(self) -> float:
        """Levered cash flow of new things at the cost of equity; the only levered flow that is discounted."""
        return npv(self.case.finance.discount_rate_equity, self.levered_cash_flow_usd)

    @cached_property
    def npv_at_one_rate_usd(self) -> float:
        """Unlevered NPV of the whole plan at the single risk rate: what it is worth before any premium for its use."""
        return npv(self.case.finance.discount_rate_risk, self.choices.cash_flow_usd @ self.units)

    @property
    def irr_reason(self) -> str:
        """Why there is no IRR, where there is none."""
        return irr_reason(self.investment_cash_flow_usd)

    @cached_property
    def payback_years(self) -> float | None:
        """Years from the valuation date until new money has come back, unlevered."""
        return payback_years(self.investment_cash_flow_usd) if self.capex_usd > 0 else None

    @cached_property
    def equity_moic(self) -> float | None:
        """Multiple on the equity put into new things."""
        return moic(self.levered_cash_flow_usd)

    @cached_property
    def minimum_dscr(self) -> float | None:
        """Lowest CFADS over debt service of any lease taken, in any month; ``None`` without debt."""
        taken = self.units > TAKEN_MW
        service, cfads = self.choices.debt_service_usd[:, taken], self.choices.cfads_usd[:, taken]
        due = service > DUST * np.maximum(1.0, service.max(axis=0, initial=0.0))
        return float((cfads[due] / service[due]).min()) if due.any() else None

    @cached_property
    def treasury_sold_btc(self) -> Vector:
        """Bitcoin of the treasury sold on the first day of each quarter, (Q,): the least that pays for this plan."""
        case, columns = self.case, self.program.columns
        if not columns.treasury_sold.size:
            return np.zeros(case.timeline.quarters)
        live = LiveProgram(with_integers_fixed(self.program.form, self.answer.y))
        live.hold_objective(self.answer.objective + SALE_SLACK * (1.0 + abs(self.answer.objective)))
        cost = np.zeros(len(columns.names))
        cost[columns.treasury_sold] = self.choices.treasury_proceeds_usd_per_btc
        live.set_cost(cost)
        found = live.answer()
        y = found.y if found.status is Status.OPTIMAL else self.answer.y
        return np.maximum(y[columns.treasury_sold], 0.0)

    @cached_property
    def mix(self) -> tuple[MixLine, ...]:
        """The activities that are used, in the order of the case."""
        return mix_lines(self.choices, self.units, self.terms_usd)

    @cached_property
    def used_mw(self) -> Vector:
        """Facility MW of each activity in each quarter, (Q, J)."""
        return self.choices.facility_mw * self.units

    @cached_property
    def schedule(self) -> tuple[QuarterUse, ...]:
        """Facility MW by use in each quarter."""
        case = self.case
        hosting = self.used_mw[:, self.choices.hosting].sum(axis=1)
        mining = self.used_mw[:, ~self.choices.hosting].sum(axis=1)
        return tuple(
            QuarterUse(case.timeline.quarter_label(q), float(g), float(m), float(h), float(g - m - h))
            for q, (g, m, h) in enumerate(zip(grid_mw(case), mining, hosting, strict=True))
        )

    def taken_mw(self, kind: Kind, owner: int) -> float:
        """Units taken of a fleet, purchase or offer over all its activities."""
        return float(
            sum(line.units_mw for line in self.mix if line.activity.kind is kind and line.activity.owner == owner)
        )


def mix_lines(choices: Activities, units: Vector, terms_usd: Vector) -> tuple[MixLine, ...]:
    """The activities that are used, in the order of the case; what each brings, (J,), as the caller values it."""
    return tuple(
        MixLine(a, float(u), float(u * a.facility_mw_per_unit), float(v), float(c * u))
        for a, u, v, c in zip(choices.items, units, terms_usd, choices.capex_usd, strict=True)
        if u > TAKEN_MW
    )


def allocate(case: Case, solver: str = HIGHS) -> Allocation:
    """The best plan of a case, certified.

    Raises
    ------
    InfeasibleError
        If no plan meets every limit (only signed leases can bring that about).
    SolverError
        If the solver gives no proven answer, or its answer fails the certificate.
    """
    return allocation_of(build(activities(case)), solver)


def allocation_of(program: Program, solver: str = HIGHS, near: LiveProgram | None = None) -> Allocation:
    """Solve a built program, from a similar one's answer if given, and certify it; raises as :func:`allocate` does."""
    found = solve(program, solver, near)
    if found.status is Status.INFEASIBLE:
        raise InfeasibleError(program)
    choices = program.choices
    units = np.maximum(found.y[program.activity_column], 0.0) * program.columns.units_per_step
    finance = choices.case.finance
    statement = npv(finance.discount_rate_hosting, choices.cash_flow_usd @ np.where(choices.hosting, units, 0.0))
    statement += npv(finance.discount_rate_mining, choices.cash_flow_usd @ np.where(choices.hosting, 0.0, units))
    certificate = certify(program.form, found, statement)
    _check(certificate, program, solver)
    return Allocation(program, found, units, solver, certificate)


def _check(certificate: Certificate, program: Program, solver: str) -> None:
    limit = INTEGER_LIMIT if program.form.integer.any() else CONTINUOUS_LIMIT
    if solver.upper() != HIGHS.upper():
        limit = max(limit, OTHER_SOLVER_LIMIT)
    if not certificate.worst <= limit:
        raise SolverError(f"{solver}'s answer does not check (limit {limit:g}): {certificate}")
