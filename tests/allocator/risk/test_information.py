"""EVPI and VSS, against Birge and Louveaux's farmer and, path by path, another solver on the site's own program."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import highspy
import numpy as np
import pulp
import pytest
from pulp.apis.coin_api import pulp_cbc_path

from allocator.activities import activities
from allocator.allocation import allocate
from allocator.case import Case, case_from_document
from allocator.program.build import Program, as_pulp, build
from allocator.risk.answer import expected_factors
from allocator.risk.futures import Futures
from allocator.risk.information import InformationValues, SiteUnderUncertainty, information_values
from allocator.risk.path_values import PathValues, path_values
from tests.allocator import small
from tests.allocator.risk.futures_of_small_cases import EVERYTHING

# The farmer: 500 acres of wheat, corn and sugar beets. Birge and Louveaux, Introduction to Stochastic Programming,
# section 1.1: data in table 1, answers in tables 2 to 5 and in the text, rounded to a dollar.
ACRES, PLANTING = 500.0, (150.0, 230.0, 260.0)
MEAN_YIELD = (2.5, 3.0, 20.0)
NEEDED, BOUGHT_AT, SOLD_AT = (200.0, 240.0), (238.0, 210.0), (170.0, 150.0)
BEETS_AT, QUOTA, BEYOND_AT = 36.0, 6_000.0, 10.0
YIELDS = (1.2, 1.0, 0.8)
PUBLISHED = {
    "stochastic": 108_390,
    "wait_and_see": 115_406,
    "evpi": 7_016,
    "expected_value_plan": 107_240,
    "vss": 1_150,
}


def harvest(yields: tuple[float, ...], chances: tuple[float, ...], acres: np.ndarray | None = None):
    """Best acres and profit where each yield comes with its chance; the acres may be given."""
    farm = highspy.Highs()
    farm.setOptionValue("output_flag", False)
    land = [farm.addVariable(lb=0.0 if acres is None else acres[i], ub=ACRES if acres is None else acres[i])
            for i in range(3)]  # fmt: skip
    farm.addConstr(sum(land[1:], land[0]) <= ACRES * (1 + 1e-12))
    profit = -1.0 * sum((cost * a for cost, a in zip(PLANTING[1:], land[1:], strict=True)), PLANTING[0] * land[0])
    for times, chance in zip(yields, chances, strict=True):
        for crop in range(2):
            sold, bought = farm.addVariable(lb=0), farm.addVariable(lb=0)
            farm.addConstr(MEAN_YIELD[crop] * times * land[crop] + bought - sold >= NEEDED[crop])
            profit = profit + chance * (SOLD_AT[crop] * sold - BOUGHT_AT[crop] * bought)
        beets, beyond = farm.addVariable(lb=0, ub=QUOTA), farm.addVariable(lb=0)
        farm.addConstr(beets + beyond <= MEAN_YIELD[2] * times * land[2])
        profit = profit + chance * (BEETS_AT * beets + BEYOND_AT * beyond)
    farm.maximize(profit)
    return np.array(farm.getSolution().col_value[:3]), float(farm.getInfo().objective_function_value)


@dataclass
class Farmer:
    """The farmer's year as a two-stage problem."""

    probabilities: np.ndarray = field(default_factory=lambda: np.full(3, 1 / 3))

    def stochastic(self) -> np.ndarray:
        return harvest(YIELDS, tuple(self.probabilities))[0]

    def expected_value(self) -> np.ndarray:
        return harvest((float(self.probabilities @ YIELDS),), (1.0,))[0]

    def worth(self, decision: np.ndarray) -> np.ndarray:
        return np.array([harvest((y,), (1.0,), decision)[1] for y in YIELDS])

    def wait_and_see(self, scenario: int) -> float:
        return harvest((YIELDS[scenario],), (1.0,))[1]


def test_the_farmer_is_worth_what_birge_and_louveaux_published():
    found = information_values(Farmer())
    for name, published in PUBLISHED.items():
        assert getattr(found, name) == pytest.approx(published, abs=1.0), name
    assert found.solved == 3
    assert found.evpi_error == 0.0
    np.testing.assert_allclose(Farmer().stochastic(), [170, 80, 250], atol=1e-6)
    np.testing.assert_allclose(Farmer().expected_value(), [120, 80, 300], atol=1e-6)


def test_the_chances_of_scenarios_are_weighed():
    chances = np.array([0.5, 0.3, 0.2])
    found = information_values(Farmer(chances))
    seen = [harvest((y,), (1.0,))[1] for y in YIELDS]
    assert found.wait_and_see == pytest.approx(float(chances @ seen), rel=1e-9)
    assert found.stochastic == pytest.approx(harvest(YIELDS, tuple(chances))[1], rel=1e-9)
    assert found.wait_and_see >= found.stochastic >= found.expected_value_plan


def test_a_sample_of_scenarios_counts_them_as_equally_likely_and_gives_an_error():
    farmer = Farmer()
    found = information_values(farmer, (0, 2))
    worth = farmer.worth(farmer.stochastic())
    added = [farmer.wait_and_see(s) - worth[s] for s in (0, 2)]
    assert found.solved == 2
    assert found.evpi == pytest.approx(np.mean(added), rel=1e-9)
    assert found.evpi_error == pytest.approx(abs(added[0] - added[1]) / 2, rel=1e-9)
    assert found.wait_and_see == pytest.approx(found.stochastic + found.evpi, rel=1e-12)


@dataclass
class Careless(Farmer):
    """Takes the plan for the mean for the best one over all, or does not see what it is shown."""

    short_usd: float = 0.0

    def stochastic(self) -> np.ndarray:
        return super().stochastic() if self.short_usd else np.array([100.0, 25.0, 375.0])

    def wait_and_see(self, scenario: int) -> float:
        return float(self.worth(self.stochastic())[scenario]) - self.short_usd


@pytest.mark.parametrize("short_usd", [0.0, 10.0, 20_000.0])
def test_a_decision_that_is_not_the_best_is_an_error_and_no_number(short_usd):
    with pytest.raises(ArithmeticError, match="out of order"):
        information_values(Careless(short_usd=short_usd))


def test_what_an_integer_program_leaves_open_is_no_error():
    found = information_values(Careless(short_usd=0.1))  # a millionth of 108,390
    assert found.evpi == pytest.approx(-0.1, rel=1e-6)


# A site


def drawn(seed: int, *, whole: bool) -> Case:
    return case_from_document(small.random_document(seed, whole=whole))


def site_of(case: Case, paths: int, **given) -> tuple[SiteUnderUncertainty, PathValues, Program]:
    choices = activities(case)
    program, values = build(choices), path_values(choices, Futures(case, paths, 2, **given))
    return SiteUnderUncertainty(program, values, expected_factors(values)), values, program


def by_cbc(program: Program, value_usd: np.ndarray) -> float:
    """The best plan where a unit of each activity is worth so much, by another solver."""
    cost = np.zeros(len(program.form.cost))
    cost[program.activity_column] = -value_usd * program.columns.units_per_step
    problem = as_pulp(replace(program.form, cost=cost))
    problem.solve(pulp.COIN_CMD(msg=False, path=pulp_cbc_path, gapRel=1e-9))
    assert problem.status == pulp.LpStatusOptimal
    return -float(pulp.value(problem.objective) or 0.0)


@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole halls"])
def test_to_wait_and_see_is_to_allocate_with_the_values_of_that_path(whole):
    site, values, program = site_of(drawn(5, whole=whole), 100)
    for path in (0, 13, 50, 99):
        expected = by_cbc(program, values.gradient(values.path(path)))
        assert site.wait_and_see(path) == pytest.approx(expected, rel=1e-6, abs=1.0)
    mean = by_cbc(program, values.mean_value_usd)
    assert site.worth(site.stochastic()).mean() == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize(("seed", "whole"), [(0, False), (1, False), (2, False), (0, True)])
def test_a_site_has_its_values_of_information_in_order(seed, whole):
    site, _, _ = site_of(drawn(seed, whole=whole), 100)
    every, some = information_values(site), information_values(site, tuple(range(40)))
    for found in (every, some):
        slack = 2e-6 * abs(found.stochastic)
        assert found.wait_and_see >= found.stochastic - slack
        assert found.stochastic >= found.expected_value_plan - slack
        assert found.evpi > 0.0
    assert every.solved == 100
    assert some.solved == 40
    assert some.stochastic == pytest.approx(every.stochastic, rel=2e-6 if whole else 1e-9)
    assert some.vss == pytest.approx(every.vss, abs=2e-6 * abs(every.stochastic))
    assert abs(some.evpi - every.evpi) <= 4 * some.evpi_error


def test_where_nothing_is_uncertain_a_forecast_adds_nothing():
    site, _, _ = site_of(drawn(1, whole=False), 100, frozen=EVERYTHING)
    found = information_values(site, (0, 50))
    size = 1e-9 * abs(found.stochastic)
    assert isinstance(found, InformationValues)
    assert found.evpi == pytest.approx(0.0, abs=size)
    assert found.vss == pytest.approx(0.0, abs=size)


def test_the_plan_for_the_expected_market_is_the_allocation_at_the_one_rate():
    rates = {"discount_rate_mining": 0.07, "discount_rate_hosting": 0.07}
    case = small.case(horizon_years=8, leases=[], finance=rates, power={"price_usd_per_mwh": 35})
    site, values, _ = site_of(case, 100)
    expected = allocate(case).npv_usd
    plan = site.expected_value()
    assert values.gradient(site.factors_if_expected) @ plan == pytest.approx(expected, rel=1e-9)
    assert expected > 0.0
