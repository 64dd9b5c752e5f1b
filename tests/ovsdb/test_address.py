"""Every form of address that ovs-vsctl knows is read, and no other; with TLS both ends must prove themselves."""

from __future__ import annotations

import queue
import subprocess
from typing import TYPE_CHECKING

import pytest

from controller.errors import DatabaseError, SettingsError
from ovsdb.address import Address, Tls, connected, parse
from ovsdb.listening import Acceptor

if TYPE_CHECKING:
    import socket
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/openvswitch/db.sock", Address("unix", False, "/run/openvswitch/db.sock")),  # noqa: FBT003
        ("punix:rel/db.sock", Address("unix", True, "rel/db.sock")),  # noqa: FBT003
        ("tcp:192.0.2.1:6640", Address("tcp", False, "192.0.2.1", 6640)),  # noqa: FBT003
        ("ssl:[2001:db8::1]:6640", Address("ssl", False, "2001:db8::1", 6640)),  # noqa: FBT003
        ("tcp:host.example:1", Address("tcp", False, "host.example", 1)),  # noqa: FBT003
        ("ptcp:6640", Address("tcp", True, "0.0.0.0", 6640)),  # noqa: FBT003
        ("ptcp:0:127.0.0.1", Address("tcp", True, "127.0.0.1", 0)),  # noqa: FBT003
        ("pssl:6640:[::]", Address("ssl", True, "::", 6640)),  # noqa: FBT003
    ],
)
def test_addresses_are_read_as_open_vswitch_reads_them(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "unix:", "tcp:", "tcp:host", "tcp:host:", "tcp:host:70000", "tcp:::1:80", "ptcp:", "ptcp:x", "http:a:1"],
)
def test_anything_else_is_named_as_no_address(text: str) -> None:
    with pytest.raises(SettingsError, match="no OVSDB address"):
        parse(text)


def signed(directory: Path, name: str, authority: str) -> Tls:
    """A key and a certificate of ``authority``, as ovs-pki makes them."""
    key, ca = f"{directory}/{name}.key", f"{directory}/{authority}.pem"
    request = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", f"/CN={name}", "-x509"]
    issuer = [] if name == authority else ["-CA", ca, "-CAkey", f"{directory}/{authority}.key"]
    certificate = f"{directory}/{name}.pem"
    subprocess.run([*request, *issuer, "-out", certificate], check=True, capture_output=True)
    return Tls(key, certificate, ca)


def test_tls_needs_a_certificate_of_the_same_authority_on_both_ends(tmp_path: Path) -> None:
    signed(tmp_path, "ours", "ours")
    signed(tmp_path, "theirs", "theirs")
    came: queue.Queue[bytes] = queue.Queue()
    acceptor = Acceptor(parse("pssl:0:127.0.0.1"), signed(tmp_path, "server", "ours"), Greeting(came).read, most=2)
    address = parse(f"ssl:127.0.0.1:{acceptor.port}")
    with connected(address, signed(tmp_path, "host", "ours"), 5) as sock:
        sock.sendall(b"hello")
        assert came.get(timeout=5) == b"hello"
    with pytest.raises(DatabaseError, match="certificate"):
        connected(address, signed(tmp_path, "stranger", "theirs"), 5)
    with pytest.raises(DatabaseError, match="private key"):
        connected(address, None, 5)
    acceptor.stop()


class Greeting:
    """Reads what comes first."""

    def __init__(self, came: queue.Queue[bytes]) -> None:
        self.came = came

    def read(self, sock: socket.socket, peer: str) -> None:
        assert peer.startswith("127.0.0.1:")
        with sock:
            self.came.put(sock.recv(100))
