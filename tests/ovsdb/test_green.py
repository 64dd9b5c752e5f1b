"""All of it runs as green threads as well, which is how the daemon runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ovsdb.server import SCHEMA

STORY = """
import eventlet
eventlet.monkey_patch()
import pathlib, sys, threading
from ovsdb.host_plan import Wanted
from ovsdb.hosts import Hosts
from ovsdb.intent import IntentDatabase
from ovsdb.rows import ResourceChange
from ovsdb.server import EmbeddedServer
from ovsdb_samples import Follower, port

server = EmbeddedServer(pathlib.Path(sys.argv[1]))
seen = Follower()
database = IntentDatabase([server.start()], seen.commit, seen.state)
database.start()
assert database.wait_ready(10)
database.transact(0, [ResourceChange(None, port(f"p{n}")) for n in range(2000)], "ann")
assert len(seen.resources()) == 2000
hosts = Hosts(Wanted(openflow_port=6653), None)
came = threading.Thread(target=hosts.listen, args=("ptcp:0:127.0.0.1",))
came.start()
came.join()
hosts.stop()
database.stop()
server.stop()
print("told", len(seen.commits))
"""


@pytest.mark.system
def test_everything_runs_in_green_threads(tmp_path: Path) -> None:
    environment = {
        "PYTHONPATH": f"{SCHEMA.parent.parent}:{Path(__file__).parent}",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", STORY, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    assert "told 2" in told.stdout
