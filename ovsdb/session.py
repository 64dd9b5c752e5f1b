"""One OVSDB session (RFC 7047): requests and their replies, updates in order, and a dead peer noticed.

A session that breaks, for whatever reason, ends by itself and says why; nothing else is touched by it.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ovs.jsonrpc import Message

from controller.errors import DatabaseError
from ovsdb.splitter import Splitter

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 262_144
_REPLIES = (Message.T_REPLY, Message.T_ERROR)
_LONGEST_ERROR = 500


class SessionLost(DatabaseError):
    """The session ended before the reply came: whether the server did what was asked is not known."""


class Refused(DatabaseError):
    """The server answered with an error."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the peer answered; where ``error`` is not None there is no result."""

    result: Any
    error: DatabaseError | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``keepalive`` seconds of silence make us ask, twice as many end the session; ``message`` is in bytes."""

    keepalive: float = 5.0
    message: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Question:
    """A request of the peer's; ``answer`` takes its result, or what is wrong with it, from any thread, once."""

    method: str
    params: list[Any]
    answer: Callable[[Any, str | None], None]


def know_nothing(question: Question) -> None:
    """Answer no question at all."""
    question.answer(None, "unknown method")


@dataclass(frozen=True, slots=True)
class Listener:
    """``notified(method, params)`` gets every notification in order; ``closed(reason)`` comes last, once.

    ``asked`` gets the peer's requests. All run in the session's own thread, never concurrently; they must not wait for
    a reply of the same session.
    """

    notified: Callable[[str, list[Any]], None]
    closed: Callable[[str], None]
    asked: Callable[[Question], None] = know_nothing


class Session:
    """A session over a connected socket, which it owns; its ends' IP addresses are None on a Unix socket."""

    def __init__(self, sock: socket.socket, listener: Listener, limits: Limits) -> None:
        self.local_address = _ip(sock, sock.getsockname)
        self.peer_address = _ip(sock, sock.getpeername)
        self._sock = sock
        self._listener = listener
        self._splitter = Splitter(limits.message)
        self._keepalive = limits.keepalive
        self._pending = _Pending()
        self._sending = threading.Lock()
        self._reason = ""
        self._probing = False
        self._thread = threading.Thread(target=self._run, name="ovsdb-session", daemon=True)

    def start(self) -> None:
        """Begin to receive, in a thread of its own."""
        self._sock.settimeout(self._keepalive)
        self._thread.start()

    def call(self, method: str, params: list[Any], replied: Callable[[Reply], None]) -> None:
        """Send a request; ``replied`` gets the reply in the session's thread, in order with notifications."""
        number = self._pending.add(replied)
        self._send({"method": method, "params": params, "id": number})
        if self._reason:
            self._pending.answer(number, Reply(None, SessionLost(self._reason)))

    def request(self, method: str, params: list[Any], timeout: float) -> Any:
        """Return the reply's result. Raises Refused, and SessionLost when none came in ``timeout`` seconds."""
        box = _Box()
        self.call(method, params, box.put)
        return box.result(method, timeout)

    def notify(self, method: str, params: list[Any]) -> None:
        """Send what needs no reply; where the session is lost it is lost as well."""
        self._send({"method": method, "params": params, "id": None})

    def close(self, reason: str) -> None:
        """End the session; ``closed`` follows in the session's thread."""
        self._reason = self._reason or reason
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:  # the peer was first
            return

    def join(self, timeout: float) -> None:
        """Wait until the session's thread has ended."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._reason:
                self._receive()
        except (DatabaseError, OSError) as error:
            self._reason = self._reason or str(error)
        finally:
            self._reason = self._reason or "stopped by a defect of ours"
            self._sock.close()
            self._pending.fail(SessionLost(self._reason))
            self._listener.closed(self._reason)

    def _receive(self) -> None:
        try:
            chunk = self._sock.recv(_CHUNK)
        except TimeoutError:
            self._probe()
            return
        if not chunk:
            raise DatabaseError("closed by the peer")
        self._probing = False
        for text in self._splitter.feed(chunk):
            self._dispatch(_message(text))

    def _probe(self) -> None:
        if self._probing:
            raise DatabaseError(f"no answer for {2 * self._keepalive} s")
        self._probing = True
        self._send({"method": "echo", "params": [], "id": "echo"})

    def _dispatch(self, message: Message) -> None:
        if message.type == Message.T_NOTIFY:
            self._listener.notified(message.method, message.params)
        elif message.type in _REPLIES:
            error = None if message.type == Message.T_REPLY else Refused(str(message.error)[:_LONGEST_ERROR])
            self._pending.answer(message.id, Reply(message.result, error))
        elif message.method == "echo":
            self._send(Message.create_reply(message.params, message.id).to_json())
        else:
            answer = partial(_answer, self._send, message.id)
            self._listener.asked(Question(message.method, message.params, answer))

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            with self._sending:
                self._sock.sendall(data)
        except OSError as error:
            self.close(f"cannot send: {error}")


def _answer(send: Callable[[dict[str, Any]], None], number: Any, result: Any, error: str | None) -> None:
    made = Message.create_reply(result, number) if error is None else Message.create_error(error, number)
    send(made.to_json())


def take_in_order(
    session: Session, method: str, params: list[Any], take: Callable[[Any], None], timeout: float
) -> None:
    """Ask, and let ``take`` have the result in the session's thread, before any later notification; return then.

    What ``take`` raises ends the session and is raised here as well. Raises Refused, SessionLost.
    """
    box = _Box(take)
    session.call(method, params, box.put)
    box.result(method, timeout)


class _Pending:
    """Who waits for which reply."""

    __slots__ = ("_numbers", "_waiting")

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Callable[[Reply], None]] = {}

    def add(self, replied: Callable[[Reply], None]) -> int:
        number = next(self._numbers)
        self._waiting[number] = replied
        return number

    def answer(self, number: Any, reply: Reply) -> None:
        replied = self._waiting.pop(number, None) if isinstance(number, int) else None
        if replied is not None:
            replied(reply)

    def fail(self, error: DatabaseError) -> None:
        for number in list(self._waiting):
            self.answer(number, Reply(None, error))


class _Box:
    """Holds the reply that a request waits for, once it was taken."""

    __slots__ = ("_filled", "_reply", "_take")

    def __init__(self, take: Callable[[Any], None] | None = None) -> None:
        self._filled = threading.Event()
        self._reply = Reply(None)
        self._take = take

    def put(self, reply: Reply) -> None:
        self._reply = reply
        try:
            if self._take is not None and reply.error is None:
                self._take(reply.result)
        except DatabaseError as error:
            self._reply = Reply(None, error)
            raise
        finally:
            self._filled.set()

    def result(self, method: str, timeout: float) -> Any:
        if not self._filled.wait(timeout):
            raise SessionLost(f"no reply to {method} within {timeout} s")
        if self._reply.error is not None:
            raise self._reply.error
        return self._reply.result


def _ip(sock: socket.socket, end: Callable[[], Any]) -> str | None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        return str(end()[0])
    except OSError:  # the peer has gone already; the first read will tell
        return None


def _message(text: bytes) -> Message:
    try:
        message = Message.from_json(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise DatabaseError(f"broken JSON: {error}") from error
    if isinstance(message, str):
        raise DatabaseError(message)
    return message
