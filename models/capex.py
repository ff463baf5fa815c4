"""How capital is drawn while something is built."""

from __future__ import annotations

import numpy as np

from models.timeline import Vector


def drawn_share(elapsed_share: Vector) -> Vector:
    """Cumulative share of cost drawn at a share ``u`` of the build time: ``u**2 (3 - 2u)``.

    The S-curve of construction: slow, fast, slow; 0 before the start, 1 from delivery on.
    """
    u = np.clip(elapsed_share, 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u))


def draws(cost_usd: float, months_since_delivery: Vector, build_months: int) -> Vector:
    """Monthly draws of a cost over the ``build_months`` that end at delivery; they sum to the cost.

    ``months_since_delivery`` is 0 in the month at whose end the hall is handed over.
    """
    elapsed = (months_since_delivery + build_months) / build_months
    before = (months_since_delivery - 1.0 + build_months) / build_months
    return cost_usd * (drawn_share(elapsed) - drawn_share(before))
