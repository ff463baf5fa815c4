"""How far a plan is from being exactly right: each check, what was found, what is allowed."""

from __future__ import annotations

import pandas as pd

from allocator.allocation import CONTINUOUS_LIMIT, INTEGER_LIMIT, Allocation


def allowed(plan: Allocation) -> float:
    """The largest relative error of an answer that is shown; looser with whole halls."""
    return INTEGER_LIMIT if plan.program.form.integer.any() else CONTINUOUS_LIMIT


def certificate_table(plan: Allocation) -> pd.DataFrame:
    """One row a check, all relative."""
    found, limit = plan.certificate, allowed(plan)
    checks = (
        ("Primal residual", "every limit holds: the largest breach of a row or bound", found.primal_residual),
        ("Dual residual", "no activity was overlooked that would add value at these prices", found.dual_residual),
        ("Duality gap", "no better plan exists: the NPV less what the prices prove", found.duality_gap),
        ("Ledger", "the NPV is that of the plan's own cash-flow statement, discounted again", found.ledger_error),
    )
    return pd.DataFrame(
        [
            {"Check": name, "What it says": says, "Found": value, "Allowed": limit, "Holds": value <= limit}
            for name, says, value in checks
        ]
    )


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """The same as it is read."""
    return table.assign(
        Found=[f"{value:.0e}" if value else "0" for value in table["Found"]],
        Allowed=[f"{value:.0e}" for value in table["Allowed"]],
        Holds=["✓ holds" if holds else "✗ fails" for holds in table["Holds"]],
    )
