"""The bytes of probes: whatever comes in is read to its end, and only what was signed counts."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.topology.floor import A1, B1, KEY, VM, Floor
from topology import lldp
from topology.lldp import LLDP, Probe

PROBE = Probe("s1", 1, bytes(16))
HEADER = 14
BEGINNINGS = (b"", b"\x07", b"\x071", b"\x02nl\x01")
"""Of parts of LLDP frames: what says that something is ours, and a port."""


@pytest.mark.parametrize("change", [Probe("s2", 1, bytes(16)), Probe("s1", 2, bytes(16)), Probe("s1", 1, b"\1" * 16)])
def test_a_signature_is_good_for_what_was_signed_alone(change: Probe) -> None:
    good = lldp.parse(lldp.encode(PROBE, VM, KEY))
    assert good is not None
    assert lldp.genuine(good, KEY)
    assert not lldp.genuine(lldp.Signed(change, good.signature), KEY)


@pytest.mark.parametrize("size", [60, 1500, 1600, 9000])
def test_lldp_of_others_is_a_machines_however_large(size: int) -> None:
    data = lldp.encode(PROBE, VM, KEY)[:14] + b"\x02\x07\x04" + bytes.fromhex(VM.replace(":", "")) + bytes(size)
    floor = Floor(A1)
    floor.hear(A1, data)
    assert floor.discovery.ground.role(A1) == "host"
    assert floor.attacks() == (["malformed"] if len(data) > 1600 else [])


@settings(max_examples=300)
@given(st.binary(max_size=300), st.floats(0, 1))
def test_no_bytes_make_a_wire_or_do_harm(data: bytes, kept: float) -> None:
    floor = Floor(A1, B1)
    floor.run(0.001)
    good = floor.probe(A1)
    hostile = good[: HEADER + int(kept * (len(good) - HEADER))] + data
    assume(not hostile.startswith(good))
    floor.hear(B1, hostile)
    assert floor.times == []
    assert floor.up() == set()
    parsed = lldp.parse(good)
    assert parsed is not None
    assert (parsed.probe.bridge, parsed.probe.port) == A1


@given(st.lists(st.tuples(st.sampled_from((1, 2, 3, 127, 0)), st.sampled_from(BEGINNINGS), st.binary(max_size=64))))
def test_reading_any_parts_ends_in_a_probe_nothing_or_a_reason(parts: list[tuple[int, bytes, bytes]]) -> None:
    said = ((kind, start + rest) for kind, start, rest in parts)
    data = b"".join((kind << 9 | len(value)).to_bytes(2, "big") + value for kind, value in said)
    found = None
    with suppress(ValueError):
        found = lldp.parse(bytes(12) + LLDP.to_bytes(2, "big") + data)
    assert found is None or not lldp.genuine(found, KEY)


@given(st.binary(min_size=32, max_size=32))
def test_a_probe_of_any_content_that_was_not_signed_is_forged(data: bytes) -> None:
    floor, probe = Floor(A1, B1), lldp.encode(PROBE, VM, KEY)
    floor.hear(B1, probe[:-34] + data + probe[-2:])
    assert floor.attacks() == ["forged"]


@pytest.mark.parametrize("port", [b"4294967297", b"99999999999", b"-1", b"1.0", b""])
def test_a_probe_of_a_port_that_no_switch_can_have_is_malformed(port: bytes) -> None:
    floor, genuine = Floor(B1), b"\x04\x02\x071"
    said = (2 << 9 | 1 + len(port)).to_bytes(2, "big") + b"\x07" + port
    floor.hear(B1, lldp.encode(PROBE, VM, KEY).replace(genuine, said))
    assert floor.attacks() == ["malformed"]


@pytest.mark.parametrize("bridge", [b"\x04s1", b"s1", b"", b"\x07\xff\xfe"])
def test_a_probe_that_does_not_say_its_bridge_is_malformed(bridge: bytes) -> None:
    floor, genuine = Floor(B1), (1 << 9 | 3).to_bytes(2, "big") + b"\x07s1"
    probe = lldp.encode(PROBE, VM, KEY)
    assert probe.count(genuine) == 1
    floor.hear(B1, probe.replace(genuine, (1 << 9 | len(bridge)).to_bytes(2, "big") + bridge))
    assert floor.attacks() == ["malformed"]


def test_a_probe_that_is_cut_off_counts_as_far_as_it_is_whole() -> None:
    probe = lldp.encode(PROBE, VM, KEY)
    assert lldp.parse(probe[:-2]) == lldp.parse(probe)
    assert lldp.parse(probe[:-3]) is None
