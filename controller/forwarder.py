"""The forwarder: questions about names that are not ours go to resolvers outside, and nobody waits for the answers.

So many may be under way at a time, of one port and altogether; whoever asks more is told that it failed.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from dns.rcode import Rcode

from controller.services import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.services.outcome import Emission, Question

SYSTEM = Path("/etc/resolv.conf")
MOST, MOST_OF_ONE = 512, 32
SECONDS = 2.0
"""For which one resolver is waited for."""
ROUNDS = 2
_LARGEST = 65535
_HEADER = 12

_log = structlog.get_logger("names")


def system_resolvers(path: Path = SYSTEM) -> tuple[str, ...]:
    """The resolvers that this host uses (resolv.conf(5)); none where it says none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        _log.warning("no_resolvers", path=str(path), error=str(error))
        return ()
    words = [line.split() for line in lines]
    return tuple(line[1] for line in words if len(line) > 1 and line[0] == "nameserver")


class Forwarder:
    """Asks resolvers, in their order. ``spawn`` runs a function beside others, ``emit`` sends what comes of it."""

    def __init__(
        self, resolvers: tuple[str, ...], spawn: Callable[..., Any], emit: Callable[[Emission], None], port: int = 53
    ) -> None:
        self.answered: Counter[str] = Counter()
        self._resolvers = resolvers
        self._spawn = spawn
        self._emit = emit
        self._port = port
        self._under_way: Counter[str] = Counter()

    @property
    def under_way(self) -> int:
        """Questions that wait for an answer."""
        return self._under_way.total()

    def ask(self, question: Question) -> None:
        """Have a question answered; never waits."""
        if not self._resolvers:
            self._fail(question, Rcode.REFUSED)
        elif self.under_way >= MOST or self._under_way[question.source] >= MOST_OF_ONE:
            self._fail(question, Rcode.SERVFAIL)
        else:
            self._under_way[question.source] += 1
            self._spawn(self._answer, question)

    def _answer(self, question: Question) -> None:
        try:
            found = self._found(question.wire)
        finally:
            self._under_way[question.source] -= 1
            self._under_way += Counter()  # leaves out those that are at nothing
        if found is None:
            self._fail(question, Rcode.SERVFAIL)
            return
        self.answered["forwarded"] += 1
        self._emit(question.reply(found))

    def _fail(self, question: Question, code: Rcode) -> None:
        self.answered[code.name.lower()] += 1
        self._emit(question.reply(names.refused(question.wire, code)))

    def _found(self, wire: bytes) -> bytes | None:
        for resolver in self._resolvers * ROUNDS:
            try:
                return _asked(resolver, self._port, wire)
            except OSError:
                continue
        return None


def _asked(resolver: str, port: int, wire: bytes) -> bytes:
    """One resolver's answer, under the identifier of the question; raises OSError, TimeoutError among them."""
    identifier = secrets.token_bytes(2)
    deadline = time.monotonic() + SECONDS
    with socket.socket(socket.AF_INET6 if ":" in resolver else socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((resolver, port))
        line.send(identifier + wire[2:])
        while (left := deadline - time.monotonic()) > 0:
            line.settimeout(left)
            answer = line.recv(_LARGEST)
            if answer[:2] == identifier and _of_question(wire, answer):
                return wire[:2] + answer[2:]
    raise TimeoutError(resolver)


def _of_question(wire: bytes, answer: bytes) -> bool:
    """Whether an answer repeats the question; resolvers may write its letters otherwise."""
    end = _HEADER
    while end < len(wire) and wire[end]:
        end += wire[end] + 1
    question = wire[_HEADER : end + 5]
    return len(answer) > _HEADER and answer[_HEADER : _HEADER + len(question)].lower() == question.lower()
