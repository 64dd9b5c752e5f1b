"""The northbound side as a process of its own: real HTTP server, real intent database, no switches.

``python northbound_daemon.py STATE_DIR READ_TIMEOUT`` prints a token and its URL and serves until SIGTERM.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import signal  # noqa: E402 - everything below has to find threads green
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import eventlet.event  # noqa: E402
import eventlet.wsgi  # noqa: E402
from fake_world import FakeWorld  # noqa: E402

from controller.intent.allocate import Underlay  # noqa: E402
from controller.intent.state import Intent  # noqa: E402
from controller.intent.writer import Writer  # noqa: E402
from controller.northbound.app import application  # noqa: E402
from controller.northbound.events import EventLog  # noqa: E402
from controller.northbound.tokens import Tokens  # noqa: E402
from controller.settings import Http, Settings  # noqa: E402
from ovsdb.intent import IntentDatabase  # noqa: E402
from ovsdb.rows import Commit  # noqa: E402
from ovsdb.server import EmbeddedServer  # noqa: E402


def _unreadable(resource: str, why: str) -> None:
    raise AssertionError(f"{resource}: {why}")


def _out_of_reach(reachable: bool) -> None:  # noqa: FBT001 - the callback's one argument
    del reachable


def main(state_dir: str, read_timeout: str) -> None:
    events, intent = EventLog(), Intent(_unreadable)

    def followed(commit: Commit) -> None:
        intent.follow(commit, 0)
        events.publish_commit(commit)

    server = EmbeddedServer(Path(state_dir))
    database = IntentDatabase([server.start()], followed, _out_of_reach)
    database.start()
    assert database.wait_ready(10)
    writer = Writer(database, intent, Underlay())
    writer.start()
    tokens = Tokens(database)
    settings = Settings(http=Http(read_timeout=float(read_timeout), max_body=16 << 20))
    app = application(writer, intent, FakeWorld(), events, tokens, settings)
    listener = eventlet.listen(("127.0.0.1", 0))
    sys.stdout.write(f"{tokens.first_admin()}\nhttp://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    ended = eventlet.event.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.send())
    eventlet.spawn(eventlet.wsgi.server, listener, app, log_output=False, debug=False, socket_timeout=60)
    ended.wait()
    database.stop()
    server.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
