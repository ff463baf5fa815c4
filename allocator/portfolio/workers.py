"""Where the economics of a portfolio's sites are computed: in this process, on local processes, on a Dask cluster.

To price a site takes a millisecond or two, less than to send it: pricing stays where the portfolio is solved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from allocator.portfolio.answer import SiteMap, in_process
from allocator.portfolio.mandate import Candidate
from allocator.portfolio.site_problem import SiteProblem
from allocator.sites.cluster import Workers, connected, in_chunks

FEW = 100
"""Sites that are done before a local process has started."""


@contextmanager
def sites_on(asked: Workers, count: int) -> Iterator[SiteMap]:
    """A map over sites on the workers asked for; few sites without a cluster stay in this process.

    Raises
    ------
    InputFaultsError
        As :func:`allocator.sites.cluster.connected` does.
    """
    if asked.address is None and (count <= FEW or asked.jobs == 1) and not list(asked.faults()):
        yield in_process
        return
    with connected(asked) as client:

        def on_workers(function: Callable[[Candidate], SiteProblem], sites: Sequence[Candidate]) -> list[SiteProblem]:
            threads = max(1, sum(client.nthreads().values()))
            chunks = [[sites[i] for i in chunk] for chunk in in_chunks(len(sites), threads)]
            futures = client.map(partial(_each, function), chunks, pure=False, retries=2)
            return [problem for chunk in client.gather(futures) for problem in chunk]

        yield on_workers


def _each(function: Callable[[Candidate], SiteProblem], sites: Iterable[Candidate]) -> list[SiteProblem]:
    return [function(site) for site in sites]
