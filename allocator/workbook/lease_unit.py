"""One critical IT MW of an offer as its statement sees it: the engine's lines, and how a line says where it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from allocator.activities import Activity
from allocator.case import Case
from allocator.lease_activities import cash_flows_from
from allocator.workbook.lines import Line
from models.lease import HallCashFlows, Lease, LeaseCashFlows, hall_cash_flows
from models.power import paid_price_usd_per_mwh
from models.tenancy import longest_stay_months
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Vector


@dataclass(frozen=True)
class LeaseUnit:
    """One critical IT MW of an offer with its agreed first delivery in a given quarter."""

    case: Case
    activity: Activity

    @property
    def lease(self) -> Lease:
        """The offer."""
        return self.case.leases[self.activity.owner]

    @property
    def months(self) -> Vector:
        """0..M."""
        return self.case.timeline.month_index

    @cached_property
    def since(self) -> Vector:
        """Months since the agreed first delivery."""
        return self.months - self.activity.start * MONTHS_PER_QUARTER

    @cached_property
    def k(self) -> Vector:
        """Months since the hall's own delivery."""
        return self.since - self.lease.delay_months

    @cached_property
    def stay(self) -> int:
        """Months from delivery to the end of the last renewal."""
        return longest_stay_months(self.lease, self.lease.term_years)

    @property
    def base_months(self) -> int:
        """Months of the base term."""
        return MONTHS_PER_YEAR * self.lease.term_years

    @property
    def build(self) -> int:
        """Months of construction, delay included."""
        return self.lease.build_months + self.lease.delay_months

    @cached_property
    def flows(self) -> LeaseCashFlows:
        """The engine's lines over all halls."""
        return cash_flows_from(self.case, self.lease, self.activity.start)

    @cached_property
    def hall(self) -> HallCashFlows:
        """The engine's lines of the first hall."""
        price = paid_price_usd_per_mwh(self.case.power, self.case.timeline)
        return hall_cash_flows(self.lease, self.case.finance, self.since, price)


def step(name: str, label: str, unit: str, value: Callable[[LeaseUnit], Vector], formula: str) -> Line[LeaseUnit]:
    """A line on the way to those of the engine; its function computes it from the models."""
    return Line(name, f"Hall: {label}", unit, lambda s, _: value(s), formula)


def of_hall(name: str, label: str, formula: str, unit: str = "USD") -> Line[LeaseUnit]:
    """A line of one hall as the engine has it: ``hall_rent_usd`` is ``rent_usd`` of :class:`HallCashFlows`."""
    return Line(f"hall_{name}", f"Hall: {label}", unit, lambda s, _: getattr(s.hall, name), formula)


def tables_name(owner: int, what: str) -> str:
    """Defined name of a column on sheet Tables that belongs to one offer."""
    return f"tables__leases_{owner}__{what}"
