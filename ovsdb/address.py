"""Where OVSDB peers are found: the address forms that ovs-vsctl and ovsdb-server know, and sockets for them.

``unix:PATH``, ``tcp:HOST:PORT`` and ``ssl:HOST:PORT`` connect; ``punix:PATH``, ``ptcp:PORT[:HOST]`` and
``pssl:PORT[:HOST]`` listen. IPv6 addresses stand in brackets (ovsdb(7), "Connection Methods").
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from controller.errors import DatabaseError, SettingsError

_ACTIVE = re.compile(r"(?P<scheme>tcp|ssl):(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:]+):(?P<port>\d{1,5})")
_PASSIVE = re.compile(r"p(?P<scheme>tcp|ssl):(?P<port>\d{1,5})(:(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:]+))?")
_LONGEST_UNIX_PATH = 107  # struct sockaddr_un keeps 108 bytes, one of them the final zero
_BACKLOG = 128
_HIGHEST_PORT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Address:
    """One peer; ``target`` is a path or a host without brackets, ``port`` 0 for paths."""

    scheme: Literal["unix", "tcp", "ssl"]
    passive: bool
    target: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of the PEM files that both ends of ``ssl:`` need: each proves itself by a certificate of the same CA."""

    private_key: str
    certificate: str
    ca: str


def parse(text: str) -> Address:
    """Return what ``text`` names. Raises SettingsError."""
    scheme, _, path = text.partition(":")
    if scheme in ("unix", "punix") and path:
        return Address("unix", scheme == "punix", path)
    match = _ACTIVE.fullmatch(text) or _PASSIVE.fullmatch(text)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise SettingsError(f"{text!r} is no OVSDB address, such as unix:PATH, tcp:HOST:PORT or ptcp:PORT")
    host = (match["host"] or "0.0.0.0").strip("[]")  # noqa: S104 - ovsdb-server's own default for ptcp: and pssl:
    return Address("tcp" if match["scheme"] == "tcp" else "ssl", text.startswith("p"), host, int(match["port"]))


def connected(address: Address, tls: Tls | None, timeout: float) -> socket.socket:
    """Return a connected socket. Raises DatabaseError within about ``timeout`` seconds."""
    try:
        if address.scheme == "unix":
            return _connected_to_path(address.target, timeout)
        plain = socket.create_connection((address.target, address.port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain if address.scheme == "tcp" else secured(plain, tls, server_side=False)
    except OSError as error:
        raise DatabaseError(f"cannot connect to {address.scheme}:{address.target}: {error}") from error


def listening(address: Address) -> socket.socket:
    """Return a listening socket. Raises DatabaseError."""
    try:
        if address.scheme == "unix":
            return _listening_on_path(Path(address.target))
        family = socket.AF_INET6 if ":" in address.target else socket.AF_INET
        return socket.create_server((address.target, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise DatabaseError(f"cannot listen on {address.target} port {address.port}: {error}") from error


def secured(plain: socket.socket, tls: Tls | None, *, server_side: bool) -> ssl.SSLSocket:
    """Return ``plain`` after the TLS handshake; closes it where that fails. Raises OSError, DatabaseError."""
    try:
        return _context(tls, server_side=server_side).wrap_socket(plain, server_side=server_side)
    except (OSError, DatabaseError):
        plain.close()
        raise


def _context(tls: Tls | None, *, server_side: bool) -> ssl.SSLContext:
    if tls is None:
        raise DatabaseError("ssl: and pssl: need a private key, a certificate and a CA certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    # As everywhere in Open vSwitch the CA signs this installation's machines only; their names are not in use.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tls.certificate, tls.private_key)
    context.load_verify_locations(tls.ca)
    return context


def _connected_to_path(path: str, timeout: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        if len(os.fsencode(path)) <= _LONGEST_UNIX_PATH:
            sock.connect(path)
        else:
            _connect_by_directory(sock, Path(path))
    except OSError:
        sock.close()
        raise
    return sock


def _connect_by_directory(sock: socket.socket, path: Path) -> None:
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        sock.connect(f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)


def _listening_on_path(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
