"""Sites under one budget: forty as one program and by pricing; two thousand with bound, gap, time, memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np

from allocator.case import Case, replaced
from allocator.files import load_case
from allocator.portfolio.answer import Portfolio, portfolio
from allocator.portfolio.common import common_limits
from allocator.portfolio.joint import joint_form
from allocator.portfolio.mandate import Candidate, Mandate
from allocator.portfolio.questions import Questions
from allocator.portfolio.site_problem import SiteEconomics
from allocator.program.columns import WideProgram
from benchmarks.timing import Timed, best, table

FEW, MANY = 40, 2_000
BUDGET_USD_A_SITE = 200e6
"""About a third of what the sites would use of an unlimited budget."""
GAP = 0.005


def some_sites(count: int) -> list[Candidate]:
    """Sites like the brownfield template, of other sizes, rents, costs and power prices."""
    return [Candidate(one_site(number)) for number in range(count)]


def one_site(number: int) -> Case:
    rng = np.random.default_rng(number)
    case, size = load_case("brownfield"), rng.uniform(0.3, 3.0)
    case = replaced(replaced(case, "name", f"Site {number}"), "site.grid_mw", 300.0 * size)
    case = replaced(case, "power.price_usd_per_mwh", rng.uniform(25.0, 60.0))
    for i, lease in enumerate(case.leases):
        case = replaced(case, f"leases[{i}].critical_it_mw", lease.critical_it_mw * size)
        case = replaced(
            case, f"leases[{i}].rent_usd_per_kw_month", lease.rent_usd_per_kw_month * rng.uniform(0.75, 1.25)
        )
        case = replaced(case, f"leases[{i}].capex_usd_per_kw", lease.capex_usd_per_kw * rng.uniform(0.85, 1.15))
    for i, fleet in enumerate(case.fleets):
        case = replaced(case, f"fleets[{i}].facility_mw", fleet.facility_mw * rng.uniform(0.0, 0.5))
    return case


def few() -> str:
    """The same forty sites as one program in HiGHS and by pricing, economics aside."""
    sites, mandate = some_sites(FEW), Mandate(capital_usd=FEW * BUDGET_USD_A_SITE)
    common = common_limits(sites, mandate)
    economics_of = SiteEconomics(common, sites[0], named=True)
    problems = [economics_of(site) for site in sites]
    form = joint_form(problems, common)
    found: list[float] = []
    start = time.perf_counter()
    found.append(-(WideProgram(form).value() or 0.0))
    one = Timed(f"the one program in HiGHS ({len(form.row_lower):,} rows, {len(form.value):,} entries)",
                time.perf_counter() - start)  # fmt: skip
    answers: list[Portfolio] = []
    pricing = best(
        "pricing and certificate",
        lambda: answers.append(portfolio(sites, mandate, map_sites=lambda _, __: problems)),
        runs=3,
    )
    answer = answers[-1]
    economics = best(
        "economics and each site alone",
        lambda: [economics_of(site) for site in sites],
        runs=2,
    )
    start = time.perf_counter()
    Questions(answer).ask_everything()
    asked = Timed("price of the budget, curve, each site left out", time.perf_counter() - start)
    off = abs(answer.npv_usd - found[0]) / abs(found[0])
    return table(f"Portfolio of {FEW} sites (difference {off:.0e}, target 1e-4)", pricing, [one, economics, asked])


def many(count: int) -> str:
    """A large portfolio in this process: time and the most memory that it held."""
    sites, mandate = some_sites(count), Mandate(capital_usd=count * BUDGET_USD_A_SITE)
    lines = []
    start = time.perf_counter()
    common = common_limits(sites, mandate)
    problems = list(map(SiteEconomics(common, sites[0], named=False), sites))
    economics = time.perf_counter() - start
    start = time.perf_counter()
    answer = portfolio(sites, mandate, map_sites=lambda _, __: problems, gap=GAP)
    seconds = time.perf_counter() - start
    lines.append(f"Portfolio of {count:,} sites")
    lines.append(f"  economics and each site alone        {economics:8.1f} s ({1e3 * economics / count:.1f} ms a site)")
    lines.append(f"  pricing and certificate              {seconds:8.1f} s, {answer.search.pricings} rounds")
    lines.append(f"  plan {answer.npv_usd / 1e9:,.4f} bn USD, bound {answer.bound_usd / 1e9:,.4f} bn USD: "
                 f"gap {answer.gap:.1e} (target 5e-3)")  # fmt: skip
    residual = max(answer.certificate.primal_residual, answer.certificate.dual_residual)
    lines.append(f"  certificate's worst residual {residual:.0e}")
    start = time.perf_counter()
    asked = Questions(answer)
    price = asked.budget_price
    lines.append(
        f"  price of the budget                  {time.perf_counter() - start:8.1f} s (open {price.open_usd:.4f})"
    )
    less = price.loss_of_one_less_usd or 0.0
    lines.append(f"    one more is worth {price.gain_of_one_more_usd:.4f}, one less costs {less:.4f}")
    start = time.perf_counter()
    points = len(asked.curve)
    lines.append(f"  budget curve of {points} points            {time.perf_counter() - start:8.1f} s")
    start = time.perf_counter()
    brings = f"what {len(asked.contributions):,} sites bring"
    lines.append(f"  {brings:37}{time.perf_counter() - start:8.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines.append(f"  most memory                          {peak:8.2f} GB")
    return "\n".join(lines)


def main() -> None:
    print(few(), "\n", flush=True)
    print(subprocess.run([sys.executable, "-m", "benchmarks.portfolio", str(MANY)], check=True, text=True,
                         capture_output=True).stdout)  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(many(int(sys.argv[1])))
    else:
        main()
