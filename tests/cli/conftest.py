"""A daemon's northbound side on a real port, and a shell before it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

for folder in ("intent", "northbound"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

from front import Front, front  # noqa: E402

from controller import cli  # noqa: E402


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs ``netloom`` as its console script does."""

    office: Front
    url: str
    patch: pytest.MonkeyPatch
    printed: Callable[[], tuple[str, str]]

    def __call__(self, *arguments: str, stdin: Path | None = None) -> Said:
        """Run one command."""
        self.patch.setattr(sys, "argv", ["netloom", *arguments])
        with (stdin or Path(os.devnull)).open(encoding="utf-8") as coming_in:
            self.patch.setattr(sys, "stdin", coming_in)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = self.printed()
        return Said(int(ended.value.code or 0), out, err)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with front() as office:
        server = make_server("127.0.0.1", 0, office.client.app, Server, Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("NETLOOM_URL", url)
        monkeypatch.setenv("NETLOOM_TOKEN", office.admin)
        monkeypatch.setenv("COLUMNS", "200")
        try:
            yield Shell(office, url, monkeypatch, capsys.readouterr)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
