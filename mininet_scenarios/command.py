"""Commands that are run to their end, and conditions that are waited for; both say what went wrong."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


class CommandFailed(RuntimeError):
    """A command ended with an error; the message holds the command and what it said."""


class Late(TimeoutError):
    """A condition did not come true in its time."""


def run(*argv: str, env: Mapping[str, str] | None = None, seconds: float = 30) -> str:
    """Run ``argv`` to its end and return its standard output; raises ``CommandFailed``."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=env, timeout=seconds)
    if done.returncode:
        raise CommandFailed(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip() or done.returncode}")
    return done.stdout


def says(words: str, *argv: str) -> bool:
    """Run ``argv`` until a line of its output holds ``words``, and end it; False if it ends before."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        said = any(words in line for line in child.stdout or ())
        child.terminate()
    return said


def side_by_side(*questions: Callable[[], T]) -> list[T]:
    """The answers to questions that are asked all at once."""
    with ThreadPoolExecutor(len(questions)) as pool:
        asked = [pool.submit(question) for question in questions]
        return [one.result() for one in asked]


def until(condition: Callable[[], T], seconds: float, what: str, pause: float = 0.02) -> T:
    """Ask ``condition`` every ``pause`` seconds until it answers something true, and return that; raises ``Late``."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise Late(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
    return answer
