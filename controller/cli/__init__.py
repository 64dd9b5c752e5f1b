"""``netloom``: the daemon's start and the hands of those who use it from a shell.

Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 the daemon cannot be reached; 4 done, not confirmed in time.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from itertools import pairwise

from controller import green

_WAIT = "30"


def main() -> None:
    """The console script."""
    arguments = spelled_out(sys.argv[1:])
    if "serve" in arguments:
        gc.disable()  # it would look through what is imported again and again: a seventh of the daemon's start
        # What is imported before threads are green would keep its own.
        green.patch()
    import_module("controller.cli.commands").app(args=arguments, prog_name="netloom")


def spelled_out(arguments: list[str]) -> list[str]:
    """Arguments in which ``--wait`` has its seconds, which may be left out."""
    found: list[str] = []
    for argument, following in pairwise((*arguments, "")):
        found.append(argument)
        if argument == "--wait" and not following.replace(".", "", 1).isdigit():
            found.append(_WAIT)
    return found
