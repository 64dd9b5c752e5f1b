"""What switches say of their ports, in good and in bad order."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.southbound.ports import PORT_DESCRIPTION, PORT_STATUS, PortDescription, PortNews, told
from controller.southbound.wire import MULTIPART_REPLY, VERSION

ADDED, DELETED, MODIFIED = range(3)
TAKEN_DOWN, NO_LINK, LIVE = 1, 1, 4
ETHERNET = struct.pack("!HH4xIIIIII", 0, 32, 0, 0, 0, 0, 10_000_000, 0)
OTHER = struct.pack("!HH4x", 2, 8)


def port(config: int = 0, state: int = LIVE, properties: bytes = ETHERNET) -> bytes:
    length = 40 + len(properties)
    return struct.pack("!IH2x6s2x16sII", 7, length, b"\x02\0\0\0\0\1", b"eth0", config, state) + properties


def status(reason: int, body: bytes) -> bytes:
    return struct.pack("!BBHIB7x", VERSION, PORT_STATUS, 16 + len(body), 9, reason) + body


def described(body: bytes) -> bytes:
    return struct.pack("!BBHIHH4x", VERSION, MULTIPART_REPLY, 16 + len(body), 9, PORT_DESCRIPTION, 0) + body


ETH0 = PortDescription(7, "eth0", "02:00:00:00:00:01", up=True, speed=10_000.0)


def test_ports_are_told_with_their_speed() -> None:
    assert told(described(port() + port(properties=OTHER + ETHERNET))) == PortNews((ETH0, ETH0))
    assert told(described(b"")) == PortNews(())


@pytest.mark.parametrize(("config", "state"), [(TAKEN_DOWN, LIVE), (0, NO_LINK | LIVE), (0, 0), (TAKEN_DOWN, NO_LINK)])
def test_a_port_that_is_taken_down_without_link_or_not_live_is_down(config: int, state: int) -> None:
    news = told(status(MODIFIED, port(config, state)))
    assert news is not None
    assert not news.there[0].up
    assert news.there[0].linked == ((config, state) == (0, 0))


def test_ports_come_and_go() -> None:
    assert told(status(ADDED, port())) == PortNews((ETH0,))
    assert told(status(DELETED, port())) == PortNews((), 7)


def test_what_is_not_about_ports_is_passed_over() -> None:
    assert told(struct.pack("!BBHIHH4x", VERSION, MULTIPART_REPLY, 16, 9, 1, 0)) is None


@pytest.mark.parametrize("speed", [b"", OTHER, struct.pack("!HH4xIIIIII", 0, 32, 0, 0, 0, 0, 0, 0)])
def test_a_speed_that_is_not_told_is_not_known(speed: bytes) -> None:
    news = told(described(port(properties=speed)))
    assert news is not None
    assert news.there[0].speed is None


@pytest.mark.parametrize("length", [0, 39, 500])
def test_a_port_of_an_impossible_length_is_refused(length: int) -> None:
    broken = bytearray(port())
    broken[4:6] = length.to_bytes(2, "big")
    with pytest.raises(ValueError, match=f"a port of {length} bytes"):
        told(described(bytes(broken)))


def test_a_property_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="property of 0 bytes"):
        told(described(port(properties=struct.pack("!HH4x", 0, 0))))


def test_a_status_without_a_port_is_refused() -> None:
    with pytest.raises(ValueError, match="without a port"):
        told(status(ADDED, b""))


@given(st.binary(max_size=200), st.sampled_from([status, described]))
def test_no_bytes_do_harm(body: bytes, kind: object) -> None:
    message = status(MODIFIED, body) if kind is status else described(body)
    with suppress(ValueError, struct.error):
        told(message)
