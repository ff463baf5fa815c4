"""Sites' economics on workers are those of this process."""

from __future__ import annotations

import pytest

from allocator.portfolio.answer import in_process, portfolio
from allocator.portfolio.mandate import Mandate
from allocator.portfolio.workers import sites_on
from allocator.sites.cluster import Workers
from tests.allocator.portfolio.small_sites import candidates


def test_few_sites_stay_in_this_process():
    with sites_on(Workers(), 10) as map_sites:
        assert map_sites is in_process


def test_two_local_processes_give_the_same_portfolio(monkeypatch):
    monkeypatch.setattr("allocator.portfolio.workers.FEW", 0)
    mandate, sites = Mandate(capital_usd=20e6), candidates(8)
    with sites_on(Workers(jobs=2), len(sites)) as map_sites:
        found = portfolio(sites, mandate, map_sites=map_sites)
    here = portfolio(sites, mandate)
    assert found.npv_usd == pytest.approx(here.npv_usd, rel=1e-12)
    assert [s.standing for s in found.sites] == [s.standing for s in here.sites]
