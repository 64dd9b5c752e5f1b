"""Whatever a peer says, the framework reads something plain, or nothing; no input keeps anyone busy."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.southbound import handshake
from controller.southbound.ports import PORT_DESCRIPTION, PORT_STATUS
from controller.southbound.wire import MULTIPART_REPLY, VERSION

HEADER = struct.Struct("!BBHI")
PORT = struct.pack("!IH2x6s2x16sII", 7, 48, b"\x02\0\0\0\0\1", b"eth0", 0, 4) + bytes(8)


def message(kind: int, body: bytes = b"", version: int = VERSION) -> bytes:
    return HEADER.pack(version, kind, 8 + len(body), 99) + body


@pytest.mark.parametrize(
    ("hello", "offered"),
    [
        (message(handshake.HELLO), set(range(1, 7))),
        (message(handshake.HELLO, version=4), {1, 2, 3, 4}),
        (message(handshake.HELLO, struct.pack("!HHI", 1, 8, 1 << 4 | 1 << 6), version=4), {4, 6}),
        (message(handshake.HELLO, struct.pack("!HH4xHHI", 9, 5, 1, 8, 1 << 6)), {6}),
    ],
)
def test_what_a_hello_offers(hello: bytes, offered: set[int]) -> None:
    assert handshake.versions(hello) == offered


@pytest.mark.parametrize("length", [0, 3, 9, 65535])
def test_an_element_of_an_impossible_length_is_named(length: int) -> None:
    with pytest.raises(ValueError, match=f"element of {length} bytes"):
        handshake.versions(message(handshake.HELLO, struct.pack("!HHI", 1, length, 0)))


def test_who_speaks_too_little_is_told_the_command_that_mends_it() -> None:
    with pytest.raises(ValueError, match=r"OpenFlow 1\.3 and not 1\.5: ovs-vsctl set bridge"):
        handshake.plain(message(handshake.HELLO, struct.pack("!HHI", 1, 8, 1 << 4)))


def test_the_framework_learns_that_ports_were_told_and_none_of_them() -> None:
    body = struct.pack("!HH4x", PORT_DESCRIPTION, 0)
    assert handshake.plain(message(MULTIPART_REPLY, body + PORT)) == message(MULTIPART_REPLY, body)
    assert handshake.plain(message(PORT_STATUS, bytes(8) + PORT)) is None


@given(st.integers(0, 255), st.sampled_from([0, 4, VERSION]), st.binary(max_size=200))
def test_the_framework_gets_whole_messages_of_few_kinds(kind: int, version: int, body: bytes) -> None:
    try:
        found = handshake.plain(message(kind, body, version))
    except (ValueError, IndexError, struct.error):
        return
    if found is not None:
        assert (found[0], int.from_bytes(found[2:4], "big"), found[4:8]) == (VERSION, len(found), b"\0\0\0c")
        assert kind in {0, 2, 3, 6, 19}
