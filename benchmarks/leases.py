"""Ten thousand leases of 25 years with debt and tax in one call, beside loops of our own and of others."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
import numpy_financial as npf

from benchmarks.timing import Timed, best, table
from models.debt import Amortisation
from models.lease import Lease, LeaseCashFlows, lease_cash_flows, many
from models.returns import Finance

LEASES, MONTHS, BUILD = 10_000, 300, 18
SINCE = np.arange(MONTHS + 1.0) - BUILD
NO_POWER = np.zeros(MONTHS + 1)
FINANCE = Finance()
TERMS = {
    "rent_usd_per_kw_month": (90, 160), "capex_usd_per_kw": (8_000, 14_000), "escalator_per_year": (0, 0.04),
    "noi_margin": (0.9, 1), "ltc": (0.5, 0.9), "debt_rate": (0.05, 0.1), "dscr": (1.1, 1.6),
}  # fmt: skip


def plain(amortisation: Amortisation) -> Lease:
    return Lease(
        name="Bench", tenant="Acme", critical_it_mw=100.0, rent_usd_per_kw_month=128.0, build_months=BUILD,
        amortisation=amortisation,
    )  # fmt: skip


def drawn(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: rng.uniform(low, high, count) for name, (low, high) in TERMS.items()}


def ours(lease: Lease, columns: dict[str, np.ndarray]) -> LeaseCashFlows:
    return lease_cash_flows(many(lease, **columns), FINANCE, SINCE[:, None], NO_POWER[:, None])


def one_by_one(lease: Lease, columns: dict[str, np.ndarray], count: int) -> list[LeaseCashFlows]:
    found = []
    for i in range(count):
        single = lease.model_copy(update={name: float(column[i]) for name, column in columns.items()})
        found.append(lease_cash_flows(single, FINANCE, SINCE, NO_POWER))
    return found


def with_numpy_financial(columns: dict[str, np.ndarray], count: int, *, returns: bool) -> float:
    """A simpler lease (one hall, level loan of a share of the cost, yearly tax left out) as a spreadsheet has it."""
    total, k = 0.0, np.arange(1, 181)
    for i in range(count):
        rent, capex, escalator, margin, ltc, rate, _ = (float(column[i]) for column in columns.values())
        noi = 1000 * rent * margin * (1 + escalator) ** ((k - 1) // 12)
        debt = -npf.fv(rate / 12, BUILD, ltc * 1000 * capex / BUILD, 0.0)
        interest, principal = npf.ipmt(rate / 12, k, 180, debt), npf.ppmt(rate / 12, k, 180, debt)
        tax = 0.21 * (noi + interest - 1000 * capex / 180)
        build = np.full(BUILD + 1, -1000 * capex / BUILD)
        build[0] = 0.0
        unlevered = np.concatenate([build, noi - tax])
        levered = np.concatenate([(1 - ltc) * build, noi - tax + interest + principal])
        total += npf.npv(1.08 ** (1 / 12) - 1, unlevered) + npf.npv(1.13 ** (1 / 12) - 1, levered)
        total += npf.pmt(rate / 12, 180, debt)
        if returns:
            total += npf.irr(unlevered) + npf.irr(levered)
    return total


def with_pysam(columns: dict[str, np.ndarray], count: int) -> float:
    """A single-owner project of 15 yearly flows with debt sized by cover; a flat output stands for the megawatt let."""
    from PySAM import Singleowner

    project, total = Singleowner.default("CustomGenerationProfileSingleOwner"), 0.0
    hourly = [1000.0] * 8760
    project.SystemOutput.gen = project.SystemOutput.system_pre_curtailment_kwac = hourly
    project.SystemOutput.annual_energy_pre_curtailment_ac = sum(hourly)
    project.Revenue.ppa_soln_mode = 1
    project.FinancialParameters.analysis_period = 15
    for i in range(count):
        project.Revenue.ppa_price_input = [columns["rent_usd_per_kw_month"][i] / 730.5]
        project.SystemCosts.total_installed_cost = 1000 * columns["capex_usd_per_kw"][i]
        project.FinancialParameters.dscr = columns["dscr"][i]
        project.execute(0)
        total += project.Outputs.project_return_aftertax_npv
    return total


def scaled(name: str, count: int, work: Callable[[int], object], runs: int = 3) -> Timed:
    """What a loop over all leases takes, from one over the first few."""
    timed = best(name, lambda: work(count), runs)
    return Timed(f"{name} ({count:,} of them, scaled)", timed.seconds * LEASES / count)


def main() -> None:
    columns = drawn(LEASES)
    for amortisation in Amortisation:
        lease = plain(amortisation)
        base = best(f"ours, {LEASES:,} in one call", lambda lease=lease: ours(lease, columns))
        found = ours(lease, columns).equity_cash_flow_usd
        alone = one_by_one(lease, columns, 100)
        worst = max(np.max(np.abs(found[:, i] - a.equity_cash_flow_usd)) / 1e6 for i, a in enumerate(alone))
        others = [scaled("ours, one lease at a time", 500, lambda n, lease=lease: one_by_one(lease, columns, n))]
        if amortisation is Amortisation.LEVEL:
            others += [
                scaled("numpy-financial, NPVs", 500, lambda n: with_numpy_financial(columns, n, returns=False)),
                scaled(
                    "numpy-financial, NPVs and IRRs", 5, lambda n: with_numpy_financial(columns, n, returns=True), 1
                ),
            ]
            if importlib.util.find_spec("PySAM"):
                others.append(scaled("PySAM single owner, 15 yearly flows", 20, lambda n: with_pysam(columns, n)))
        print(
            table(
                f"Leases of {MONTHS} months, {amortisation} debt, tax (largest difference {worst:.0e} of a million)",
                base,
                others,
            )
        )
    if not importlib.util.find_spec("PySAM"):
        print("  PySAM (nrel-pysam) is not installed, so that its single-owner model is not in the list")


if __name__ == "__main__":
    main()
