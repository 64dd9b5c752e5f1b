"""Conversations between two machines over sockets that live in their namespaces: a word there, the same word back."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from mininet_scenarios.wire import socket_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mininet_scenarios.machine import Station
    from mininet_scenarios.vm import Vm

PORT = 4000
WORD = b"is anybody there"


def tcp(source: Station, target: Station, address: str, seconds: float = 0.5) -> bool:
    """Whether a TCP connection from ``source`` to an address of ``target`` carries a word and its echo."""
    with closing(_socket(target, address, socket.SOCK_STREAM)) as server, closing(_socket(source, address)) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, PORT))
        server.listen()
        server.settimeout(seconds)
        client.settimeout(seconds)
        try:
            client.connect((address, PORT))
            with closing(server.accept()[0]) as peer:
                peer.settimeout(seconds)
                client.sendall(WORD)
                peer.sendall(peer.recv(len(WORD)))
                return client.recv(len(WORD)) == WORD
        except OSError:  # too late, no route to the host, or reset by whoever has the address
            return False


def udp(source: Station, target: Station, address: str, seconds: float = 0.5, port: int = PORT) -> bool:
    """Whether a datagram from ``source`` reaches an address of ``target`` and is answered."""
    kind = socket.SOCK_DGRAM
    with closing(_socket(target, address, kind)) as server, closing(_socket(source, address, kind)) as client:
        server.bind((address, port))
        server.settimeout(seconds)
        client.settimeout(seconds)
        try:
            client.sendto(WORD, (address, port))
            word, peer = server.recvfrom(len(WORD))
            server.sendto(word, peer)
            return client.recv(len(WORD)) == WORD
        except OSError:
            return False


def witnessed(source: Station, address: str, port: int, seconds: float = 1) -> str:
    """What a witness at ``address`` answers to a datagram; empty if it does not."""
    with closing(_socket(source, address, socket.SOCK_DGRAM)) as client:
        client.settimeout(seconds)
        try:
            client.sendto(WORD, (address, port))
            return client.recv(200).decode().strip()
        except OSError:
            return ""


def held(source: Station, address: str, port: int = 80) -> socket.socket:
    """A connection to a witness that nothing was said on yet; raises OSError."""
    client = _socket(source, address)
    client.settimeout(2)
    client.connect((address, port))
    return client


def answered(connection: socket.socket) -> bool:
    """Whether a witness answers on a connection that was held; it is closed afterwards."""
    with closing(connection):
        try:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(200))
        except OSError:
            return False


def tell(source: Station, address: str, port: int, words: bytes) -> None:
    """Send one datagram."""
    with closing(_socket(source, address, socket.SOCK_DGRAM)) as client:
        client.sendto(words, (address, port))


def spray(source: Station, address: str, port: int, count: int) -> None:
    """Send a datagram from each of ``count`` ports, and wait for no answer."""
    for _ in range(count):
        tell(source, address, port, WORD)


def arp(source: Station, address: str) -> bool:
    """Whether anybody answers an ARP request of ``source`` for ``address``."""
    shown = source.machine.run("sh", "-c", f"arping -c 1 -w 1 -I eth0 {address} || true")
    return "Unicast reply" in shown or "bytes from" in shown


def unanswered(pairs: Iterable[tuple[Vm, Vm]]) -> list[str]:
    """The pairs of which the second does not answer the first one's ARP, as ``a>b``; all are tried side by side."""
    asked = list(pairs)
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda pair: arp(pair[0], pair[1].ipv4), asked))
    return [f"{a.name}>{b.name}" for (a, b), answer in zip(asked, answers, strict=True) if not answer]


def _socket(vm: Station, address: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    return socket_in(vm.machine.pid, socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
