"""What a switch is told to forget is written as ``ovs-ofctl ct-flush`` writes it, and never more than it can do."""

from __future__ import annotations

import pytest

from controller.southbound.conntrack import Connections, Ends, ct_flush

MAPPED = "00000000 00000000 0000ffff"
IN_ZONE_5 = "00020008 00050000"
TO_PORT_99 = f"00000028 00000000 00000014 {MAPPED} 0a000001 00000000 00030008 00630000"
BOTH_WAYS = (
    f"00000020 00000000 00010014 {MAPPED} 0a000001 00000000",
    f"00010020 00000000 00000014 {MAPPED} 0a000003 00000000",
)
FROM_IPV6 = "00000020 00000000 00000014 fd000000 00000000 00000000 00000001 00000000"


@pytest.mark.parametrize(
    ("connections", "written"),
    [
        (Connections(5), ("0000001d 00000000 00000005",)),
        (
            Connections(5, 17, Ends(source="10.0.0.1", target_port=99)),
            ("00000020 11000000 00000000", TO_PORT_99, IN_ZONE_5),
        ),
        (
            Connections(5, original=Ends(target="10.0.0.1"), reply=Ends(source="10.0.0.3")),
            ("00000020 00000000 00000000", *BOTH_WAYS, IN_ZONE_5),
        ),
        (Connections(5, 6, Ends(source="fd00::1")), ("00000020 06000000 00000000", FROM_IPV6, IN_ZONE_5)),
        (Connections(5, 6), ("00000020 06000000 00000000", IN_ZONE_5)),
    ],
)
def test_a_flush_is_what_ovs_ofctl_sends(connections: Connections, written: tuple[str, ...]) -> None:
    message = ct_flush(connections)
    body = bytes.fromhex("".join(written))
    assert message[:2] == b"\x06\x04"
    assert int.from_bytes(message[2:4], "big") == len(message)
    assert message[8:] == bytes.fromhex("00002320") + body


@pytest.mark.parametrize("protocol", [1, 58])
def test_what_open_vswitch_cannot_tell_apart_is_not_asked_for(protocol: int) -> None:
    with pytest.raises(ValueError, match="cannot be told apart"):
        Connections(5, protocol, Ends(target="10.0.0.1"))


def test_ports_without_a_protocol_mean_nothing() -> None:
    with pytest.raises(ValueError, match="cannot be told apart"):
        Connections(5, original=Ends(target_port=80))


def test_no_ipv6_connection_is_named_without_its_protocol() -> None:
    """Open vSwitch 3.1 dies of a flush that compares an ICMPv6 connection."""
    with pytest.raises(ValueError, match="cannot be told apart"):
        Connections(5, reply=Ends(target="fd00::1"))
