"""A cluster of three ovsdb-servers serves intent as one does, and goes on when its leader dies."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from ovsdb_samples import Follower, port

from controller.errors import DatabaseError
from ovsdb.intent import IntentDatabase, StaleRevision
from ovsdb.process import Process
from ovsdb.rows import ResourceChange
from ovsdb.server import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
MEMBERS = ("m1", "m2", "m3")


def member(directory: Path, name: str) -> Process:
    return Process.started(
        [
            "ovsdb-server",
            f"{directory}/{name}.db",
            f"--remote=punix:{directory}/{name}.sock",
            f"--unixctl={directory}/{name}.ctl",
            f"--log-file={directory}/{name}.log",
            "-vconsole:off",
            "-vsyslog:off",
        ],
        directory / f"{name}.out",
    )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[dict[str, Process]]:
    raft = {name: f"unix:{tmp_path}/{name}.raft" for name in MEMBERS}
    first = ["ovsdb-tool", "create-cluster", f"{tmp_path}/m1.db", str(SCHEMA), raft["m1"]]
    subprocess.run(first, check=True)
    for name in MEMBERS[1:]:
        command = ["ovsdb-tool", "join-cluster", f"{tmp_path}/{name}.db", "Netloom", raft[name], raft["m1"]]
        subprocess.run(command, check=True)
    members = {name: member(tmp_path, name) for name in MEMBERS}
    wait_until_joined(tmp_path)
    yield members
    for process in members.values():
        process.stop(5)
        process.close()


def status(directory: Path, name: str) -> str:
    command = ["ovs-appctl", "-t", f"{directory}/{name}.ctl", "cluster/status", "Netloom"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def members_with(directory: Path, line: str) -> list[str]:
    return [name for name in MEMBERS if line in status(directory, name).splitlines()]


def wait_until_joined(directory: Path) -> None:
    deadline = time.monotonic() + 30
    while members_with(directory, "Status: cluster member") != list(MEMBERS):
        assert time.monotonic() < deadline, "the cluster does not form"


def leader(directory: Path) -> str:
    deadline = time.monotonic() + 30
    while not (leading := members_with(directory, "Role: leader")):
        assert time.monotonic() < deadline, "no leader"
    return leading[0]


def put_until_it_holds(database: IntentDatabase, name: str) -> None:
    """What a caller does: look at the newest revision again after any failure."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        revision = database.revision
        try:
            database.transact(revision, [ResourceChange(None, port(name))], "ann")
        except StaleRevision:
            assert database.wait_revision(revision + 1, 30)
        except DatabaseError:
            database.wait_revision(revision + 1, 0.05)
        else:
            return
    raise AssertionError("no write within 30 s")


def test_intent_survives_its_leader(tmp_path: Path, cluster: dict[str, Process]) -> None:
    seen = Follower()
    database = IntentDatabase([f"unix:{tmp_path}/{name}.sock" for name in MEMBERS], seen.commit, seen.state)
    database.start()
    assert database.wait_ready(30)
    put_until_it_holds(database, "before")
    cluster[leader(tmp_path)].stop(0)
    put_until_it_holds(database, "after")
    assert [key[2] for key in seen.resources()] == ["before", "after"]
    assert [commit.initial for commit in seen.commits].count(True) == 1
    assert [commit.revision for commit in seen.commits] == sorted({commit.revision for commit in seen.commits})
    database.stop()
