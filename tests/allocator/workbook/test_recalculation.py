"""The workbook against the engine: LibreOffice recalculates every formula, the engine supplies every expected value."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allocator.activities import Activity, activities
from allocator.allocation import Allocation, allocate
from allocator.case import Case, case_from_document, override
from allocator.files import dump_case, load_case, parse_document
from allocator.lease_activities import cash_flows_from
from models.network import network_path
from models.timeline import Vector
from tests.allocator.workbook.every_line import assert_every_line
from tests.allocator.workbook.quick_book import QuickBook, day
from tests.allocator.workbook.typing_in import type_inputs, type_into

RELATIVE = 1e-9
FIRST_MONTH, LABELS = 5, 1


class Pack:
    """A recalculated pack, read by what people read: sheet titles, labels and defined names."""

    def __init__(self, path: Path) -> None:
        self.book = QuickBook(path)

    def named(self, name: str) -> Any:
        sheet, _, cell = self.book.defined_names[name].attr_text.rpartition("!")
        return self.book[sheet.strip("'$").replace("'", "")][cell.replace("$", "")].value

    def column(self, name: str) -> list[float]:
        sheet, _, cells = self.book.defined_names[name].attr_text.rpartition("!")
        return [cell.value for (cell,) in self.book[sheet.strip("'$").replace("'", "")][cells.replace("$", "")]]

    def line(self, sheet: str, label: str) -> Vector:
        page = self.book[sheet]
        rows = [row for row in range(1, page.max_row + 1) if page.cell(row, LABELS).value == label]
        assert len(rows) == 1, (sheet, label, rows)
        found = [page.cell(rows[0], c).value for c in range(FIRST_MONTH, page.max_column + 1)]
        return np.array([value for value in found if value is not None], dtype=float)

    def sheets_of_activities(self) -> Iterator[tuple[str, str]]:
        """Name of each activity on sheet Mix and title of its sheet."""
        page = self.book["Mix"]
        for row in range(6, page.max_row + 1):
            if page.cell(row, 2).value in ("mining", "hosting"):
                yield page.cell(row, 1).value, page.cell(row, 14).value


def assert_same(found: Vector, expected: Vector, what: str) -> None:
    """Every value to 1e-9 of itself; where it is only rounding, to 1e-12 of its line and a micro-dollar."""
    assert found.shape == expected.shape, what
    close = np.isclose(found, expected, rtol=RELATIVE, atol=1e-12 * float(np.abs(expected).max(initial=0.0)) + 1e-6)
    assert close.all(), (what, np.flatnonzero(~close)[:5], found[~close][:5], expected[~close][:5])


def activity_called(plan_or_case: Any, name: str) -> tuple[int, Activity]:
    return next((j, a) for j, a in enumerate(plan_or_case.items) if a.name == name)


def assert_equals_engine(pack: Pack, case: Case) -> None:
    """Network, every activity and every value against an evaluation of the case that knows nothing of workbooks."""
    choices = activities(case)
    path = network_path(case.market, case.timeline)
    for label, expected in (
        ("Hashprice", path.hashprice_usd_per_ph_day),
        ("Installed hashrate", path.installed_eh_s),
        ("Running hashrate", path.running_eh_s),
        ("Difficulty", path.difficulty),
        ("Bitcoin price", path.btc_price_usd),
    ):
        found = pack.line("Network", label)
        np.testing.assert_allclose(found, expected, rtol=RELATIVE, err_msg=label)
    for name, sheet in pack.sheets_of_activities():
        j, activity = activity_called(choices, name)
        assert_same(pack.line(sheet, "Cash flow, unlevered, after tax"), choices.cash_flow_usd[:, j], name)
        assert_same(pack.line(sheet, "Cash flow to the owner"), choices.equity_cash_flow_usd[:, j], name)
        used = pack.line(sheet, "Capital tied up: paid in less reinvested")
        assert_same(used[2::3], choices.capital_used_usd[:, j], name)
        if activity.kind == "lease":
            flows = cash_flows_from(case, case.leases[activity.owner], activity.start)
            for label, expected in (
                ("Rent of the contract, every option used", flows.contract_rent_usd),
                ("Rent of the tenant", flows.rent_usd),
                ("Rent of the next tenant", flows.relet_rent_usd),
                ("Paid by the guarantor", flows.guarantor_usd),
                ("Running costs that the landlord pays", flows.running_cost_usd),
                ("Power cost", flows.power_cost_usd),
                ("Net operating income", flows.noi_usd),
                ("Credits against rent", flows.credit_usd),
                ("Capex", flows.capex_usd),
                ("Depreciation; the rest when a stay ends", flows.depreciation_usd),
                ("Cash flow available for debt service, the tenant in place", flows.cfads_usd),
                ("Debt drawn", flows.draw_usd),
                ("Interest (capitalised until rent begins)", flows.interest_usd),
                ("Debt service", flows.service_usd),
                ("Debt outstanding", flows.balance_usd),
                ("Tax, as the value counts it", flows.tax_usd),
                ("Tax, losses carried forward", flows.levered_tax_usd),
                ("Megawatts that serve no other use", flows.occupied_share),
            ):
                page = pack.book[sheet]
                row = next(
                    r
                    for r in range(1, page.max_row + 1)
                    if page.cell(r, LABELS).value == label and page.cell(r, FIRST_MONTH).value is not None
                )
                values = [page.cell(row, FIRST_MONTH + m).value for m in range(len(expected))]
                assert_same(np.array(values, dtype=float), expected, f"{name}: {label}")


def npv_of(pack: Pack, case: Case) -> float:
    """The engine's NPV of the megawatts that stand in your mix."""
    choices = activities(case)
    names = [name for name, _ in pack.sheets_of_activities()]
    return float(
        sum(
            mw * choices.npv_usd[activity_called(choices, name)[0]]
            for name, mw in zip(names, pack.column("mix__yours"), strict=True)
        )
    )


@pytest.mark.libreoffice
def test_every_line_recalculated_by_libreoffice_equals_the_engine(recalculated_pack: Path, plan: Allocation) -> None:
    found = Pack(recalculated_pack)
    assert assert_every_line(recalculated_pack, plan) > 100
    assert_equals_engine(found, plan.case)
    assert found.named("out__npv_usd") == pytest.approx(plan.npv_usd, rel=RELATIVE)
    assert found.named("out__your_npv_usd") == pytest.approx(plan.npv_usd, rel=RELATIVE)
    assert found.named("out__capex_usd") == pytest.approx(plan.capex_usd, rel=RELATIVE)
    assert found.named("out__irr") == pytest.approx(plan.irr, rel=RELATIVE)
    assert found.named("out__checks_passed") == 1
    assert sum(found.column("mix__recommended")) == pytest.approx(sum(line.units_mw for line in plan.mix), rel=RELATIVE)


def test_cached_values_equal_the_engine(pack: Path, plan: Allocation) -> None:
    found = Pack(pack)
    assert assert_every_line(pack, plan) > 100
    assert_equals_engine(found, plan.case)
    assert found.named("out__npv_usd") == pytest.approx(plan.npv_usd, rel=RELATIVE)
    assert found.named("out__irr") == pytest.approx(plan.irr, rel=RELATIVE)
    assert found.named("out__checks_passed") is True


def test_plan_totals_equal_the_allocation(pack: Path, plan: Allocation) -> None:
    found = Pack(pack)
    for label, expected in (
        ("Cash flow to the owner", plan.equity_cash_flow_usd),
        ("Cash flow of what is built or bought", plan.investment_cash_flow_usd),
    ):
        np.testing.assert_allclose(
            found.line("Monthly", label), expected, rtol=1e-9, atol=1e-9 * float(np.abs(expected).max())
        )
    for label, attribute in (("Mining", "mining_mw"), ("Hosting", "hosting_mw"), ("Grid", "grid_mw")):
        expected = np.array([getattr(quarter, attribute) for quarter in plan.schedule])
        np.testing.assert_allclose(found.line("Schedule", label), expected, rtol=1e-9, atol=1e-6)
    page = found.book["Monthly"]
    singles = {page.cell(row, 1).value: page.cell(row, 3).value for row in range(1, page.max_row + 1)}
    assert singles["Most money in at one time"] == pytest.approx(plan.peak_equity_usd, rel=RELATIVE)
    assert singles["Lowest DSCR of any lease"] == pytest.approx(plan.minimum_dscr, rel=RELATIVE)


EDITS: dict[str, dict[str, Any]] = {
    "market, machines and terms": {
        "market.btc_price_usd": 126_000.5,
        "market.difficulty": 1.5e14,
        "market.fee_share": 0.02,
        "market.btc_growth_per_year": 0.03,
        "market.network_growth_per_year": 0.2,
        "market.switch_off_elasticity_to_hashprice": 0.8,
        "market.entry_speed_per_year": 1.1,
        "market.entry_cost_usd_per_ph_day": 41.0,
        "market.full_run_multiple": 0.9,
        "market.hashrate_leaving_for_ai": 0.05,
        "market.leaving_months": 10,
        "mining.uptime": 0.9,
        "mining.pool_fee": 0.0,
        "mining.pue_air": 1.2,
        "mining.pue_liquid": 1.1,
        "mining.variable_opex_usd_per_mwh": 3.0,
        "mining.fixed_opex_usd_per_mw_year": 31_000.0,
        "mining.opex_growth_per_year": 0.03,
        "mining.resale_decline_per_year": 0.3,
        "mining.efficiency_gain_per_year": 0.2,
        "mining.successor_efficiency_j_per_th": 11.0,
        "purchases[0].price_usd_per_th": 6.5,
        "purchases[1].infrastructure_usd_per_mw": 100_000.0,
        "power.price_usd_per_mwh": 31.0,
        "finance.bonus_depreciation": 0.4,
        "leases[0].rent_usd_per_kw_month": 140.25,
        "leases[0].escalator_per_year": 0.0,
        "leases[0].noi_margin": 0.9,
        "leases[0].capex_usd_per_kw": 12_345.0,
        "leases[0].build_months": 11,
        "leases[0].deliveries": 2,
        "leases[0].delivery_interval_months": 4,
        "leases[0].ltc": 0.6,
        "leases[0].debt_rate": 0.09,
        "leases[0].dscr": 1.2,
    },
    "constant growth, negative power price, cover binds": {
        "market.network_responds": False,
        "market.network_growth_per_year": 0.05,
        "power.price_usd_per_mwh": -12.0,
        "power.escalation_per_year": 0.04,
        "leases[0].dscr": 3.0,
        "leases[0].ltc": 0.9,
        "finance.discount_rate_hosting": 0.11,
        "finance.discount_rate_mining": 0.2,
        "finance.tax_rate": 0.3,
        "finance.bonus_depreciation": 0.2,
        "finance.data_centre_short_life_share": 0.8,
        "policy.reinvested_share": 0.25,
    },
    "no debt, no tax": {"leases[0].ltc": 0.0, "finance.tax_rate": 0.0, "finance.bonus_depreciation": 0.0},
}


@pytest.mark.libreoffice
def test_typing_other_inputs_recalculates_to_the_engine(
    edited_pack: tuple[Allocation, Path], recalculate: Any, tmp_path: Path
) -> None:
    (plan, pack), files, cases = edited_pack, [], []
    for number, edits in enumerate(EDITS.values()):
        document = parse_document(dump_case(plan.case).encode(), "case")
        for path, value in edits.items():
            document = override(document, path, value)
        cases.append(case_from_document(document))
        files.append(type_inputs(pack, tmp_path / f"{number}.xlsx", edits))
    for label, done, case in zip(EDITS, recalculate(*files), cases, strict=True):
        found = Pack(done)
        expected = npv_of(found, case)
        assert found.named("out__your_npv_usd") == pytest.approx(expected, rel=RELATIVE), label
        assert found.named("out__npv_usd") == pytest.approx(expected, rel=RELATIVE), label
        assert_equals_engine(found, case)


@pytest.fixture(scope="module")
def tampered(pack_of: Any, recalculate: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Allocation, Pack, Pack]:
    """River Bend with a value planted beside a formula, and with more let than is offered; both recalculated."""
    pack, plan, folder = pack_of("river-bend"), allocate(load_case("river-bend")), tmp_path_factory.mktemp("tampered")
    planted = folder / "planted.xlsx"
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(planted, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "xl/worksheets/sheet2.xml":
                content = re.sub(rb"(<f>F6\*I6</f><v>)[^<]*", rb"\g<1>12345", content)
                assert b"12345" in content
            new.writestr(item.filename, content)
    assert Pack(planted).book["Mix"]["J6"].value == 12345
    page = QuickBook(pack)["Mix"]
    row = next(r for r in range(6, 60) if page.cell(r, 2).value == "hosting" and page.cell(r, 6).value > 0)
    too_much = page.cell(row, 6).value + plan.case.leases[0].critical_it_mw
    breached = type_into(pack, folder / "breach.xlsx", {f"Mix!G{row}": too_much})
    return (plan, *map(Pack, recalculate(planted, breached)))


@pytest.mark.libreoffice
def test_a_planted_wrong_value_does_not_survive_recalculation(tampered: tuple[Allocation, Pack, Pack]) -> None:
    plan, planted, _ = tampered
    assert planted.book["Mix"]["J6"].value != 12345
    assert planted.named("out__npv_usd") == pytest.approx(plan.npv_usd, rel=RELATIVE)


@pytest.mark.libreoffice
def test_breaching_a_limit_turns_its_check_false(tampered: tuple[Allocation, Pack, Pack]) -> None:
    plan, _, found = tampered
    assert found.named("out__checks_passed") == 0
    checks = {
        found.book["Checks"].cell(r, 1).value: found.book["Checks"].cell(r, 4).value
        for r in range(6, found.book["Checks"].max_row + 1)
    }
    offer = plan.case.leases[0].name
    assert not checks[f"Offer {offer}: no more is let than is offered (critical IT MW)"]
    assert not checks["Grid: headroom is not negative in any quarter (facility MW)"]
    assert found.named("out__your_npv_usd") == pytest.approx(npv_of(found, plan.case), rel=RELATIVE)
    assert found.named("out__npv_usd") == pytest.approx(plan.npv_usd, rel=RELATIVE)


def test_dates_are_month_ends_of_the_calendar(pack: Path, plan: Allocation) -> None:
    page = Pack(pack).book["Network"]
    found = [page.cell(4, FIRST_MONTH + m).value for m in range(plan.case.timeline.months + 1)]
    assert [day(d) for d in found] == [plan.case.timeline.month_end(m) for m in range(plan.case.timeline.months + 1)]
