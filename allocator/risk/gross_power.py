"""Leases whose landlord pays for power: what a path's power price does to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.execution import Outcomes, OutcomeValues
from models.timeline import Vector


@dataclass(frozen=True)
class GrossPower:
    """The landlord's power bill of one offer in each of its outcomes; found once for each delay and start."""

    values: OutcomeValues
    after_tax: float
    _bills: dict[tuple[int, int], Vector] = field(default_factory=dict)

    def prepared(self, delays: list[int]) -> GrossPower:
        """The same with the bills of these delays found."""
        for delay in delays:
            for start in self.values.starts:
                self._bills[delay, start] = self.after_tax * self.values.power_cost(delay, start)
        return self

    def surprise(self, outcomes: Outcomes, power_level: Vector, month_weight: Vector) -> Vector:
        """What dearer or cheaper power than expected adds, (weights, starts, paths).

        ``- sum_m weight_m (1 - tax) bill_m (level_m - 1)``, nothing for a lease that has fallen away. What a sale at
        the end brings is left at the expected price.

        Parameters
        ----------
        power_level : power price over the case's own, (M + 1, paths).
        month_weight : (weights, M + 1).
        """
        dearer = power_level - 1.0
        found = np.zeros((len(month_weight), len(self.values.starts), dearer.shape[1]))
        for delay in np.unique(outcomes.delay_months):
            late = np.flatnonzero((outcomes.delay_months == delay) & ~outcomes.cancelled)
            for i, start in enumerate(self.values.starts):
                bill = self._bills[int(delay), start][:, outcomes.paid_quarters[late]]
                found[:, i, late] = -month_weight @ (bill * dearer[:, late])
        return found
