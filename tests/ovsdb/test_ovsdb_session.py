"""A session answers, asks, notices silence, and ends alone when its peer sends nonsense."""

from __future__ import annotations

import json
import queue
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ovsdb.session import Limits, Listener, Refused, Session, SessionLost

if TYPE_CHECKING:
    from collections.abc import Iterator


class Peer:
    """The other end, by hand."""

    def __init__(self, keepalive: float = 5.0, message: int = 1000) -> None:
        ours, self.sock = socket.socketpair()
        self.sock.settimeout(5)
        self.notified: queue.Queue[tuple[str, list[Any]]] = queue.Queue()
        self.closed: queue.Queue[str] = queue.Queue()
        self.session = Session(ours, Listener(self.notify, self.closed.put), Limits(keepalive, message))
        self.session.start()

    def notify(self, method: str, params: list[Any]) -> None:
        self.notified.put((method, params))

    def send(self, message: object) -> None:
        self.sock.sendall(json.dumps(message).encode())

    def received(self) -> Any:
        return json.loads(self.sock.recv(65536))

    def end(self) -> None:
        self.session.close("test over")
        self.session.join(5)
        self.sock.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.end()


def test_a_request_gets_its_own_reply(peer: Peer) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    ask = threading.Thread(target=lambda: answers.put(peer.session.request("list_dbs", [], 5)))
    ask.start()
    asked = peer.received()
    peer.send({"id": 99, "result": "another's", "error": None})
    peer.send({"id": asked["id"], "result": ["Netloom"], "error": None})
    assert answers.get(timeout=5) == ["Netloom"]
    ask.join()


def test_an_error_reply_is_raised(peer: Peer) -> None:
    errors: queue.Queue[Any] = queue.Queue()
    peer.session.call("lock", ["x"], errors.put)
    peer.send({"id": peer.received()["id"], "result": None, "error": {"error": "not allowed"}})
    error = errors.get(timeout=5).error
    assert isinstance(error, Refused)
    assert "not allowed" in str(error)


def test_no_reply_in_time_says_that_the_outcome_is_unknown(peer: Peer) -> None:
    with pytest.raises(SessionLost, match="no reply"):
        peer.session.request("transact", [], 0.01)


def test_requests_of_a_lost_session_fail_at_once(peer: Peer) -> None:
    peer.sock.close()
    with pytest.raises(SessionLost):
        peer.session.request("transact", [], 5)
    assert peer.closed.get(timeout=5)
    with pytest.raises(SessionLost):
        peer.session.request("transact", [], 5)


def test_notifications_keep_their_order(peer: Peer) -> None:
    stream = b"".join(b'{"id":null,"method":"update","params":[%d]}' % number for number in range(500))
    peer.sock.sendall(stream)
    assert [peer.notified.get(timeout=5)[1][0] for _ in range(500)] == list(range(500))


def test_echo_is_answered_and_other_requests_are_refused(peer: Peer) -> None:
    peer.send({"id": "e", "method": "echo", "params": [1]})
    assert peer.received() == {"id": "e", "result": [1], "error": None}
    peer.send({"id": 7, "method": "steal", "params": []})
    assert peer.received()["error"] == "unknown method"


def test_silence_is_asked_about_and_then_ends_the_session() -> None:
    peer = Peer(keepalive=0.05)
    assert peer.received()["method"] == "echo"
    assert "no answer" in peer.closed.get(timeout=5)
    peer.end()


def test_a_peer_that_answers_echo_is_kept() -> None:
    peer = Peer(keepalive=0.05)
    for _ in range(4):
        peer.send({"id": peer.received()["id"], "result": [], "error": None})
    assert peer.closed.empty()
    peer.end()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b'{"a":1}',
        b'{"id":1}',
        b"{" + b'"method":"update","params":{},"id":null}',
        b"{a}",
        b'{"\xff":1}',
        b'{"params":' + b"[" * 900 + b"}",
        b'{"id":null,"method":"update","params":["' + b"x" * 1000,
    ],
)
def test_nonsense_ends_the_session(peer: Peer, nonsense: bytes) -> None:
    peer.sock.sendall(nonsense)
    assert peer.closed.get(timeout=5)
    assert peer.sock.recv(100) == b""
    assert peer.notified.empty()
