"""Where the work runs: workers of this machine on the loopback alone, and a cluster started by hand over TLS."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dask
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from allocator.sites.batch import solve_sites
from allocator.sites.cluster import Workers, connected, in_chunks
from allocator.sites.outcome import SiteStatus
from allocator.sites.reading import Sheet
from allocator.sites.table import base_of, sites_of
from allocator.sites.work import solve_chunk
from models.assumptions import InputFaultsError
from tests.allocator.sites.many import HEADS, ROOT, base_document, base_file, contents, rows, run_batch, sites_file


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sites")])
    now = datetime.now(UTC)
    found = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(found.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    """A scheduler and two workers, each started by its own command over TLS; its address and certificate."""
    folder = tmp_path_factory.mktemp("cluster")
    cert, key = certificate(folder)
    address = f"tls://127.0.0.1:{free_port()}"
    tls = ["--tls-ca-file", str(cert), "--tls-cert", str(cert), "--tls-key", str(key)]
    tls += ["--dashboard-address", "127.0.0.1:0"]
    worker = ["worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--local-directory", str(folder), *tls]
    commands = [["scheduler", "--host", address, "--no-show", *tls], worker, worker]
    started = []
    for command in commands:
        log = (folder / f"{len(started)}.log").open("w", encoding="utf-8")
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "dask", *command], stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )
        )
        log.close()
    yield address, cert, key
    for process in reversed(started):
        os.killpg(process.pid, signal.SIGTERM)
    for process in reversed(started):
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


def test_a_cluster_of_two_workers_over_tls_gives_the_same_table(by_hand, tmp_path):
    address, cert, key = by_hand
    case, sites = base_file(tmp_path), sites_file(tmp_path, rows(120))
    tls = ["--tls-ca", str(cert), "--tls-cert", str(cert), "--tls-key", str(key)]
    there = run_batch(case, sites, tmp_path / "there", "--cluster", address, *tls)
    assert there.returncode == 0, there.stderr
    here = run_batch(case, sites, tmp_path / "here", "--jobs", "1")
    assert here.returncode == 0, here.stderr
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_a_stranger_to_the_cluster_is_refused(by_hand, tmp_path):
    address = by_hand[0]
    cert, key = certificate(tmp_path)
    with (
        pytest.raises(InputFaultsError, match="gives no worker that can be reached"),
        connected(Workers(address=address, tls_ca=cert, tls_cert=cert, tls_key=key)),
    ):
        pass


def small_table(count, *named):
    drawn = rows(count)
    for place, name in named:
        drawn[place][0] = name
    sheet = Sheet(HEADS, tuple((i + 2, tuple(row)) for i, row in enumerate(drawn)))
    return sites_of(sheet, base_of(base_document()), Path())


def deadly(common, chunk, time_limit_s):
    """Ends its own process at a row of that name, as running out of memory does."""
    if any(row.name == "deadly" for row in chunk):
        os.kill(os.getpid(), signal.SIGKILL)
    return solve_chunk(common, chunk, time_limit_s)


def test_a_row_that_kills_its_workers_is_isolated(tmp_path):
    table = small_table(40, (7, "deadly"))
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        found = solve_sites(table, tmp_path, Workers(jobs=2), solve=deadly).outcomes
    assert found[7].status is SiteStatus.FAILED
    assert "ended every process that worked on it" in found[7].reason
    assert {outcome.status for i, outcome in enumerate(found) if i != 7} == {SiteStatus.OPTIMAL}


def broken(common, chunk, time_limit_s):
    if any(row.name == "broken" for row in chunk):
        raise ValueError("a row that cannot be sent back")
    return solve_chunk(common, chunk, time_limit_s)


def test_a_row_whose_task_fails_as_a_whole_is_isolated_and_can_be_tried_again(tmp_path):
    table = small_table(25, (3, "broken"))
    found = solve_sites(table, tmp_path, Workers(jobs=1), solve=broken).outcomes
    assert (found[3].status, found[3].reason) == (SiteStatus.FAILED, "ValueError: a row that cannot be sent back")
    assert {outcome.status for i, outcome in enumerate(found) if i != 3} == {SiteStatus.OPTIMAL}
    kept = solve_sites(table, tmp_path, Workers(jobs=1)).outcomes
    assert kept == found
    again = solve_sites(table, tmp_path, Workers(jobs=1), again=True).outcomes
    assert again[3].status is SiteStatus.OPTIMAL


def test_local_workers_listen_on_the_loopback_alone():
    with connected(Workers(jobs=1)) as client:
        assert sum(client.nthreads().values()) == 1
        me = psutil.Process()
        heard = [
            found.laddr.ip
            for process in (me, *me.children(recursive=True))
            for found in process.net_connections(kind="inet")
            if found.status == psutil.CONN_LISTEN
        ]
    assert heard
    assert set(heard) == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("asked", "field", "rule"),
    [
        (Workers(jobs=0), "--jobs", "is not between"),
        (Workers(jobs=2, address="tcp://127.0.0.1:1"), "--jobs", "stands beside"),
        (Workers(address="127.0.0.1:8786"), "--cluster", "is not an address"),
        (Workers(address="http://127.0.0.1:8786"), "--cluster", "is not an address"),
        (Workers(address="tcp://127.0.0.1:seven"), "--cluster", "is not an address"),
        (Workers(address="tls://127.0.0.1:8786"), "--tls-key", "is required"),
        (Workers(tls_ca=Path(__file__)), "--tls-ca", "has no meaning without TLS"),
        (
            Workers(
                address="tls://127.0.0.1:1", tls_ca=Path(__file__), tls_cert=Path(__file__), tls_key=Path("none.pem")
            ),
            "--tls-key",
            "is not a file",
        ),
    ],
)
def test_wrong_options_are_named(asked, field, rule):
    assert any(fault.field == field and rule in fault.rule for fault in asked.faults())


@pytest.mark.parametrize(
    ("address", "plain"),
    [("tcp://127.0.0.1:1", False), ("tcp://localhost:1", False), ("tls://10.0.0.9:1", False),
     ("tcp://10.0.0.9:1", True), ("tcp://cluster.example:1", True), (None, False)],
)  # fmt: skip
def test_a_cluster_beyond_the_loopback_without_tls_is_known_as_such(address, plain):
    assert Workers(address=address).is_plain_beyond_loopback is plain


def test_nobody_at_the_address_is_said_in_words():
    asked = Workers(address=f"tcp://127.0.0.1:{free_port()}")
    began = time.monotonic()
    with pytest.raises(InputFaultsError, match="gives no worker that can be reached"), connected(asked):
        pass
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(("count", "workers"), [(1, 1), (19, 2), (600, 2), (10_000, 8), (41, 40), (333, 3)])
def test_chunks_hold_every_row_once_and_no_more_than_fifty(count, workers):
    chunks = list(in_chunks(count, workers))
    assert [i for chunk in chunks for i in chunk] == list(range(count))
    assert max(map(len, chunks)) <= 50
    assert len(chunks) >= min(count, workers) / 2
