"""Each cure named for an impossible case, applied to the case itself, makes a plan possible; a little less does not."""

from __future__ import annotations

import pytest

from allocator.allocation import InfeasibleError, allocate
from allocator.files import load_case
from allocator.infeasible import infeasibility
from allocator.sentences import infeasible

SIGNED = ("leases[0].committed=true", "policy.capital_usd=100e6")
FLEXIBLE = ("leases[0].committed=true", "policy.min_flexible_mw=30", "policy.capital_usd=2e9")


def conflict(settings: tuple[str, ...]) -> dict[str, float | None]:
    with pytest.raises(InfeasibleError) as caught:
        allocate(load_case("river-bend", settings))
    return {r.limit.key: r.change for r in infeasibility(caught.value.program).alone}


def is_possible(settings: tuple[str, ...]) -> bool:
    try:
        allocate(load_case("river-bend", settings))
    except InfeasibleError:
        return False
    return True


def test_capital_or_commitment_cures_a_signed_lease_without_money():
    cures = conflict(SIGNED)
    assert cures["grid"] is None
    capital, commitment = cures["capital"], cures["committed__0"]
    assert capital is not None
    assert commitment is not None
    assert is_possible((SIGNED[0], f"policy.capital_usd={100e6 + capital * (1 + 1e-6)}"))
    assert not is_possible((SIGNED[0], f"policy.capital_usd={100e6 + capital * (1 - 1e-3)}"))
    assert is_possible((*SIGNED, f"leases[0].min_mw={245 - commitment * (1 + 1e-6)}"))
    assert not is_possible((*SIGNED, f"leases[0].min_mw={245 - commitment * (1 - 1e-3)}"))


def test_the_floor_conflicts_with_the_whole_signed_lease_by_30_facility_mw():
    # 330 of 330 facility MW are signed: a floor of 30 MW must give all of it, or 30 / 1.3469 critical IT MW must go.
    cures = conflict(FLEXIBLE)
    assert cures["flexible"] == pytest.approx(30.0, rel=1e-6)
    assert cures["grid"] == pytest.approx(30.0, rel=1e-6)
    assert cures["committed__0"] == pytest.approx(30.0 * 245.0 / 330.0, rel=1e-6)
    assert cures["capital"] is None


def test_the_cures_are_said_in_words_and_units():
    with pytest.raises(InfeasibleError) as caught:
        allocate(load_case("river-bend", FLEXIBLE))
    text = " ".join(infeasible(infeasibility(caught.value.program)))
    assert "reduce the flexible floor by 30.0 facility MW" in text
    assert "raise the grid by 30.0 facility MW" in text
    assert "reduce the commitment to River Bend by 22.3 critical IT MW" in text


def test_a_conflict_that_no_limit_cures_alone_says_so():
    with pytest.raises(InfeasibleError) as caught:
        allocate(load_case("river-bend", (*SIGNED, "policy.max_tenant_share=0.5", "leases[0].min_mw=244")))
    found = infeasibility(caught.value.program)
    assert {r.limit.key for r in found.alone if r.change is not None} == {"committed__0"}
