"""The embedded ovsdb-server starts fast, comes back when it dies, and is never left behind or locked out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ovsdb_samples import Follower, port

from controller.entities import Chassis
from controller.errors import DatabaseError
from controller.links import Wire
from ovsdb.intent import IntentDatabase
from ovsdb.rows import ResourceChange
from ovsdb.server import SCHEMA, EmbeddedServer

pytestmark = pytest.mark.system

ORPHAN = """
import os, pathlib, signal, sys
from ovsdb.server import EmbeddedServer
EmbeddedServer(pathlib.Path(sys.argv[1])).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


def pid_of(directory: Path) -> int:
    return int((directory / "intent.pid").read_text())


def running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_start_takes_tens_of_milliseconds_and_stop_leaves_no_process(tmp_path: Path) -> None:
    began = time.monotonic()
    server = EmbeddedServer(tmp_path)
    assert server.start() == f"unix:{tmp_path}/intent.sock"
    assert time.monotonic() - began < 1, "0.02 s on an idle machine"
    pid = pid_of(tmp_path)
    server.stop()
    assert not running(pid)


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 120)
    server = EmbeddedServer(directory)
    server.start()
    server.stop()


def test_a_killed_server_comes_back_with_everything(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    seen = Follower()
    database = IntentDatabase([server.start()], seen.commit, seen.state)
    database.start()
    assert database.wait_ready(5)
    database.transact(0, [ResourceChange(None, port("a"))], "ann")
    os.kill(pid_of(tmp_path), signal.SIGKILL)
    assert seen.wait_for_states([True, False, True])
    database.transact(1, [ResourceChange(None, port("b"))], "ann")
    assert [key[2] for key in seen.resources()] == ["a", "b"]
    database.stop()
    server.stop()


def test_the_server_of_a_killed_daemon_is_taken_over_and_stopped(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path)], check=False, cwd=SCHEMA.parent.parent, timeout=30)
    orphan = pid_of(tmp_path)
    assert running(orphan)
    server = EmbeddedServer(tmp_path)
    server.start()
    assert pid_of(tmp_path) == orphan
    server.stop()
    assert not running(orphan)


def test_a_pidfile_that_names_somebody_else_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "intent.pid").write_text(f"{os.getpid()}\n")
    server = EmbeddedServer(tmp_path)
    server.start()
    assert pid_of(tmp_path) != os.getpid()
    server.stop()


def test_two_daemons_never_share_a_directory(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    with pytest.raises(DatabaseError, match="another netloom"):
        EmbeddedServer(tmp_path).start()
    server.stop()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "intent.db").write_text("not a database\n")
    with pytest.raises(DatabaseError, match=r"intent\.db"):
        EmbeddedServer(tmp_path).start()


def test_an_older_schema_is_converted_and_keeps_its_rows(tmp_path: Path) -> None:
    old = json.loads(SCHEMA.read_text())
    old["version"] = "0.9.0"
    for table in ("Chassis", "Wire", "Placed"):
        del old["tables"][table]
    (tmp_path / "old.ovsschema").write_text(json.dumps(old))
    database_file = str(tmp_path / "intent.db")
    subprocess.run(["ovsdb-tool", "create", database_file, str(tmp_path / "old.ovsschema")], check=True)
    token = {"op": "insert", "table": "Token", "row": {"name": "ci", "digest": "00"}}
    subprocess.run(["ovsdb-tool", "transact", database_file, json.dumps(["Netloom", token])], check=True)
    server = EmbeddedServer(tmp_path)
    seen = Follower()
    database = IntentDatabase([server.start()], seen.commit, seen.state)
    database.start()
    assert database.wait_ready(5)
    assert [found.name for found in database.tokens()] == ["ci"]
    wire = Wire("s1.1-s2.1", ("s1", "s2"), (1, 1), ("a", "b"))
    database.sightings().keep((Chassis("hv1", 1), wire), ())
    assert database.sightings().recall() == (Chassis("hv1", 1), wire)
    database.stop()
    server.stop()
