"""Intent is durable, changed only on top of what its author saw, and followed without a gap or a repetition."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ovsdb_samples import Follower, port

from controller.entities import Chassis, Interface, Neighbour, Seat
from controller.errors import DatabaseError
from controller.links import TRACKS, DeadPort, Heading, Placed, Track, Wire
from ovsdb.intent import IntentDatabase, StaleRevision
from ovsdb.rows import ResourceChange, ResourceRow, TokenRow
from ovsdb.server import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path)
    server.start()
    yield server
    server.stop()


class Daemon:
    """One follower of the database, as a daemon is."""

    def __init__(self, addresses: list[str]) -> None:
        self.seen = Follower()
        self.database = IntentDatabase(addresses, self.seen.commit, self.seen.state)
        self.database.start()
        assert self.database.wait_ready(20)

    def put(self, *changes: tuple[ResourceRow | None, ResourceRow | None]) -> int:
        return self.database.transact(self.database.revision, [ResourceChange(old, new) for old, new in changes], "ann")


@pytest.fixture
def daemon(server: EmbeddedServer) -> Iterator[Daemon]:
    daemon = Daemon([server.address])
    yield daemon
    daemon.database.stop()


def test_the_first_commit_is_initial_even_when_empty(daemon: Daemon) -> None:
    assert [(commit.revision, commit.initial, commit.changes) for commit in daemon.seen.commits] == [(0, True, ())]
    assert daemon.seen.states == [True]


def test_a_change_is_delivered_once_before_transact_returns(daemon: Daemon) -> None:
    web = port("web", app="web", env="prod")
    assert daemon.put((None, web)) == 1
    assert daemon.database.revision == 1
    assert daemon.seen.commits[1:] == [daemon.seen.commits[1]]
    assert daemon.seen.commits[1].changes == (ResourceChange(None, replace(web, revision=1)),)
    assert daemon.seen.commits[1].author == "ann"


def test_update_delete_and_replacement_of_the_same_name(daemon: Daemon) -> None:
    daemon.put((None, port("a")), (None, port("b")), (None, port("c")))
    a, b, c = (daemon.seen.resources()["Port", "acme", name] for name in "abc")
    reborn = replace(c, uid="uid-reborn")
    daemon.put((a, replace(a, spec="{}", labels=(("x", "y"),))), (b, None), (c, reborn))
    assert daemon.seen.resources() == {
        a.key: replace(a, spec="{}", labels=(("x", "y"),), revision=2),
        c.key: replace(reborn, revision=2),
    }
    assert len(daemon.seen.commits[-1].changes) == 3


def test_a_stale_change_changes_nothing(daemon: Daemon) -> None:
    daemon.put((None, port("a")))
    with pytest.raises(StaleRevision):
        daemon.database.transact(0, [ResourceChange(None, port("b"))], "bob")
    with pytest.raises(StaleRevision):
        daemon.database.transact(1, [ResourceChange(port("gone"), None)], "bob")
    assert list(daemon.seen.resources()) == [port("a").key]
    assert daemon.database.revision == 1


def test_a_refused_transaction_changes_nothing(daemon: Daemon) -> None:
    daemon.put((None, port("a")))
    with pytest.raises(DatabaseError, match="constraint") as caught:
        daemon.put((None, port("b")), (None, replace(port("c"), uid="uid-a")))
    assert not isinstance(caught.value, StaleRevision)
    assert list(daemon.seen.resources()) == [port("a").key]


def test_of_two_daemons_that_change_the_same_revision_one_is_stale(server: EmbeddedServer, daemon: Daemon) -> None:
    other = Daemon([server.address])
    daemon.put((None, port("a")))
    assert other.database.wait_revision(1, 5)
    assert other.put((None, port("b"))) == 2
    with pytest.raises(StaleRevision):
        daemon.database.transact(1, [ResourceChange(None, port("c"))], "ann")
    assert daemon.database.wait_revision(2, 5)
    assert daemon.seen.resources() == other.seen.resources()
    other.database.stop()


def test_tokens_are_kept_by_name(server: EmbeddedServer, daemon: Daemon) -> None:
    token = TokenRow("ci", "ab" * 32, "member", ("acme", "zeta"), "2026-01-01T00:00:00Z")
    daemon.database.put_token(token)
    daemon.database.put_token(replace(token, projects=()))
    other = Daemon([server.address])
    for database in (daemon.database, other.database):
        assert database.tokens() == (replace(token, projects=()),)
    assert other.database.delete_token("ci")
    assert not other.database.delete_token("ci")
    assert other.database.tokens() == ()
    other.database.stop()


def test_what_was_seen_is_remembered_by_the_next_daemon(server: EmbeddedServer, daemon: Daemon) -> None:
    chassis = Chassis("hv1", 0xAB, "192.0.2.1", (("gre", 3), ("vxlan", 1)), (("a:b", 5), ("c", 6)), gateway=True)
    seat, neighbour = (
        Seat("acme/edge", "hv1"),
        Neighbour("acme/out|192.0.2.9", "acme/out", "192.0.2.9", "02:00:00:00:00:09"),
    )
    tap, other = Interface("hv1/tap1", "hv1", "tap1", 7, "uid-a", 1), Interface("hv1/tap2", "hv1", "tap2", 8, None, 2)
    seen = daemon.database.sightings()
    seen.keep((chassis, tap, other, Seat("acme/edge", "hv2"), Seat("acme/gone", "hv2"), neighbour), ())
    seen.keep((replace(tap, ofport=9), seat), ((Interface, "hv1/tap2"), (Interface, "hv1/never"), (Seat, "acme/gone")))
    later = Daemon([server.address])
    assert later.database.sightings().recall() == (chassis, replace(tap, ofport=9), seat, neighbour)
    later.database.stop()


def test_wires_and_the_ways_that_were_taken_are_remembered_too(server: EmbeddedServer, daemon: Daemon) -> None:
    wire = Wire("s1.2-s10.3", ("s1", "s10"), (2, 3), ("s1-eth2", "s10-eth3"))
    heading, placed = Heading("s10", 1), Placed("acme/fast|s1|s10", "acme/fast", "s1", "s10", TRACKS + 7, "drop")
    track = Track(str(TRACKS + 7), TRACKS + 7, ("s1", "s2", "s10"), (TRACKS + 9, 0), TRACKS + 8)
    seen = daemon.database.sightings()
    dead = DeadPort("s1/7")
    seen.keep((replace(wire, up=False), Heading("s10", 0), track, placed, Heading("s1", 1), dead, DeadPort("s2/1")), ())
    seen.keep((wire, heading, dead), ((Heading, "s1"), (DeadPort, "s2/1")))
    later = Daemon([server.address])
    assert later.database.sightings().recall() == (wire, heading, track, placed, dead)
    later.database.stop()


def test_after_a_reconnect_only_the_differences_come(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "state")
    server.start()
    daemon = Daemon([server.address])
    daemon.put(*((None, port(name)) for name in "abc"))
    a = daemon.seen.resources()[port("a").key]
    server.stop()
    assert daemon.seen.wait_for_states([True, False])
    with pytest.raises(DatabaseError, match="not connected"):
        daemon.put((None, port("d")))
    server = EmbeddedServer(tmp_path / "state")
    server.start()
    other = Daemon([server.address])
    other.put((a, None), (None, port("d")))
    assert daemon.database.wait_revision(2, 5)
    assert daemon.seen.resources() == other.seen.resources()
    assert [commit.initial for commit in daemon.seen.commits].count(True) == 1
    assert sum(len(commit.changes) for commit in daemon.seen.commits) == 5
    for database in (daemon.database, other.database):
        database.stop()
    server.stop()


def test_a_backup_that_is_restored_is_followed_by_its_differences(
    server: EmbeddedServer, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.put((None, port("kept")))
    with (tmp_path / "intent.backup").open("wb") as backup:
        subprocess.run(["ovsdb-client", "backup", server.address, "Netloom"], check=True, stdout=backup)
    daemon.put((None, port("later")))
    with (tmp_path / "intent.backup").open("rb") as backup:
        subprocess.run(["ovsdb-client", "restore", server.address, "Netloom"], check=True, stdin=backup)
    with daemon.seen.news:
        assert daemon.seen.news.wait_for(lambda: list(daemon.seen.resources()) == [port("kept").key], 10)
    assert daemon.seen.commits[-1].changes[0].new is None
    assert len(daemon.seen.commits[-1].changes) == 1
    assert daemon.put((daemon.seen.resources()[port("kept").key], None)) == 2


def test_another_database_in_the_same_place_is_not_followed(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    daemon = Daemon([server.address])
    daemon.put((None, port("a")))
    server.stop()
    (tmp_path / "intent.db").unlink()
    server = EmbeddedServer(tmp_path)
    server.start()
    assert daemon.seen.wait_for_states([True, False])
    other = Daemon([server.address])
    other.put((None, port("z")))
    assert not daemon.database.wait_revision(2, 0.5)
    assert list(daemon.seen.resources()) == [port("a").key]
    daemon.database.stop()
    other.database.stop()
    server.stop()


def test_writers_in_several_threads_each_get_a_revision_of_their_own(daemon: Daemon) -> None:
    won: list[int] = []
    threads = [threading.Thread(target=write_until_done, args=(daemon, f"t{n}", won)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(1, 41))
    assert [commit.revision for commit in daemon.seen.commits] == list(range(41))


def write_until_done(daemon: Daemon, name: str, won: list[int]) -> None:
    written = 0
    while written < 10:
        try:
            won.append(daemon.put((None, port(f"{name}-{written}"))))
        except StaleRevision:
            continue
        written += 1


def test_one_port_takes_a_millisecond_and_five_thousand_take_a_second(daemon: Daemon) -> None:
    took = []
    for number in range(100):
        began = time.perf_counter()
        daemon.put((None, port(f"p{number}")))
        took.append(time.perf_counter() - began)
    assert sorted(took)[50] < 0.01, "ten times what was measured"
    began = time.perf_counter()
    daemon.put(*((None, port(f"q{number}")) for number in range(5000)))
    assert time.perf_counter() - began < 5
    assert len(daemon.seen.commits[-1].changes) == 5000


def test_rows_that_break_the_schema_are_not_taken(daemon: Daemon) -> None:
    number: Any = 7
    with pytest.raises(DatabaseError):
        daemon.put((None, replace(port("a"), spec=number)))
    assert daemon.seen.resources() == {}
