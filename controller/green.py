"""Make the standard library green: the first thing that a daemon's process does, before any other import."""

from __future__ import annotations

import os


def patch() -> None:
    """Sockets, locks, threads and sleeps yield to the eventlet hub from here on, for os-ken and Ryu alike."""
    os.environ["OSKEN_HUB_TYPE"] = "eventlet"
    import eventlet  # noqa: PLC0415 - importing this module must not import it

    eventlet.monkey_patch()
