"""Make the standard library green: the first thing that a daemon's process does, before any other import."""

from __future__ import annotations

import os
import warnings


def patch() -> None:
    """Sockets, locks, threads and sleeps yield to the eventlet hub from here on, for os-ken and Ryu alike."""
    os.environ["OSKEN_HUB_TYPE"] = "eventlet"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it is deprecated, see docs/decisions/0002-dependencies.md
        import eventlet  # noqa: PLC0415 - importing this module must not import it

    eventlet.monkey_patch()
