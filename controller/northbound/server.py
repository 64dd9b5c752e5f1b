"""The HTTP server: answers until the process is told to end."""

from __future__ import annotations

import gc
import signal
import socket
from typing import TYPE_CHECKING, Any

import eventlet.wsgi

from controller.northbound.protocol import PROTOCOL, ServerLog
from controller.settings import endpoint

if TYPE_CHECKING:
    from controller.settings import Http


BACKLOG = 1024
"""Connections that may wait to be accepted: whom a full queue turns away tries again only after a second."""


def serve(app: Any, settings: Http, hub: Any) -> None:
    """Serve ``app`` on the hub, say so on standard output, and return when SIGTERM or SIGINT comes."""
    host, port = endpoint(settings.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = hub.listen((host, port), family=family, backlog=BACKLOG)
    stop = hub.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: hub.spawn(stop.put, None))
    options = {"log": ServerLog(), "log_output": False, "socket_timeout": settings.read_timeout, "debug": False}
    hub.spawn(eventlet.wsgi.server, listener, app, protocol=PROTOCOL, **options)
    gc.collect()
    gc.freeze()  # what was imported stays: looking through it takes 0.1 s, in which nothing else runs
    shown = f"[{host}]" if ":" in host else host
    print(f"ready http://{shown}:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - scripts wait for this line
    stop.get()
