"""Over real sockets and a real intent database: what only a network can do to a server."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from served import Served, served

from mininet_scenarios.command import until

pytestmark = pytest.mark.system
READ_TIMEOUT = 1.0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state"), READ_TIMEOUT) as found:
        yield found


@pytest.fixture
def client(daemon: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=daemon.url, headers={"Authorization": f"Bearer {daemon.token}"}, timeout=60) as found:
        yield found


def head(daemon: Served, *lines: str) -> bytes:
    known = ("PUT /v1/projects/raw HTTP/1.1", "Host: x", f"Authorization: Bearer {daemon.token}")
    return "\r\n".join((*known, "Content-Type: application/json", *lines, "", "")).encode()


def answered(daemon: Served, *pieces: bytes, pause: float = 0) -> tuple[bytes, float]:
    """What is answered until the connection ends, whoever ends it, and after how many seconds."""
    started, found = time.monotonic(), b""
    with socket.create_connection(daemon.address, timeout=30) as sock, suppress(ConnectionError):
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(pause)
        while data := sock.recv(65536):
            found += data
    return found, time.monotonic() - started


def test_a_half_sent_body_ends(daemon: Served) -> None:
    found, seconds = answered(daemon, head(daemon, "Content-Length: 100"), b"{")
    assert found.startswith(b"HTTP/1.1 408 ")
    assert READ_TIMEOUT <= seconds < 5


def test_a_half_sent_chunk_ends(daemon: Served) -> None:
    found, seconds = answered(daemon, head(daemon, "Transfer-Encoding: chunked"), b'5\r\n{"a')
    assert found.startswith(b"HTTP/1.1 408 ")
    assert seconds < 5


def test_a_body_that_trickles_ends(daemon: Served) -> None:
    pieces = [head(daemon, "Content-Length: 100"), *[b" "] * 50]
    assert answered(daemon, *pieces, pause=0.2)[1] < 5


def test_a_body_that_nobody_wants_ends(daemon: Served) -> None:
    request = head(daemon, "Content-Length: 100").replace(daemon.token.encode(), b"wrong")
    found, seconds = answered(daemon, request, b"{")
    assert found.startswith(b"HTTP/1.1 401 ")
    assert seconds < 5


def test_a_huge_body_is_refused_before_it_is_sent(daemon: Served) -> None:
    found, seconds = answered(daemon, head(daemon, "Content-Length: 1000000000"))
    assert found.startswith(b"HTTP/1.1 413 ")
    assert seconds < 1


def test_a_chunked_body_is_read_no_further_than_the_limit(daemon: Served) -> None:
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    sent = 0
    with socket.create_connection(daemon.address, timeout=30) as sock, suppress(ConnectionError):
        sock.sendall(head(daemon, "Transfer-Encoding: chunked"))
        for _ in range(200):
            sock.sendall(chunk)
            sent += len(chunk)
    assert sent < 64 << 20


@pytest.mark.parametrize("length", ["-3", "many", "1 2"])
def test_a_length_that_is_none(daemon: Served, length: str) -> None:
    assert answered(daemon, head(daemon, f"Content-Length: {length}"))[0].startswith(b"HTTP/1.0 400 ")


def test_chunks_are_put_together(daemon: Served) -> None:
    with socket.create_connection(daemon.address, timeout=30) as sock:
        sock.sendall(head(daemon, "Transfer-Encoding: chunked") + b"4\r\n{}  \r\n0\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_one_connection_carries_many_requests(client: httpx.Client) -> None:
    client.put("/v1/projects/many", json={})
    client.put("/v1/projects/many/networks/web", json={"spec": {"subnets": [{"name": "v4", "cidr": "10.0.0.0/16"}]}})
    answers = [
        client.put(f"/v1/projects/many/ports/p{index}", json={"spec": {"network": "web"}}) for index in range(50)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["status"]["addresses"][0] for answer in answers}) == 50
    assert client.put("/v1/projects/many", content=b"{}").status_code == 415
    assert client.get("/v1/projects/many").status_code == 200


def test_ten_thousand_ports_of_which_one_is_wrong_change_nothing_and_stop_nobody(client: httpx.Client) -> None:
    client.put("/v1/projects/big", json={})
    client.put("/v1/projects/big/networks/web", json={"spec": {"subnets": [{"name": "v4", "cidr": "10.0.0.0/16"}]}})
    port = {"kind": "Port", "project": "big", "spec": {"network": "web"}}
    documents: list[dict[str, object]] = [{**port, "name": f"p{index}"} for index in range(10_000)]
    documents[9_999] = {**port, "name": "last", "spec": {"network": "web", "addresses": ["10.0.0.1"]}}
    before = client.get("/v1/projects/big").headers["etag"]
    answer = client.post("/v1/apply", json=documents)
    assert answer.status_code == 409
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/9999/spec/addresses/0"]
    assert client.get("/v1/projects/big/ports").json()["items"] == []
    assert client.get("/v1/projects/big").headers["etag"] == before


def test_a_follower_over_the_network(client: httpx.Client) -> None:
    client.put("/v1/projects/told", json={})
    with client.stream("GET", "/v1/events", params={"since": "0", "follow": "true"}) as answer:
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith("id: ")) == "id: 1/1"


def test_intent_survives_the_daemon(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("kept")
    with served(state, READ_TIMEOUT) as first:
        headers = {"Authorization": f"Bearer {first.token}"}
        made = httpx.put(f"{first.url}/v1/projects/acme", json={"labels": {"a": "b"}}, headers=headers)
    with served(state, READ_TIMEOUT) as second:
        assert second.token == "None"
        assert httpx.get(f"{second.url}/v1/projects/acme", headers=headers).json() == made.json()


def test_nobody_looks_for_answers_that_nobody_can_hear(daemon: Served, client: httpx.Client) -> None:
    question = head(daemon).replace(b"PUT /v1/projects/raw", b"GET /v1/chassis")

    def unheard() -> bool:
        with socket.create_connection(daemon.address, timeout=30) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.sendall(question * 20)
        return 'status="499"' in client.get("/metrics").text

    until(unheard, 10, "questions of who is gone are left")


def test_who_has_said_all_is_answered(daemon: Served) -> None:
    with socket.create_connection(daemon.address, timeout=30) as peer:
        peer.sendall(head(daemon, "Connection: close").replace(b"PUT /v1/projects/raw", b"GET /v1/chassis"))
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")
