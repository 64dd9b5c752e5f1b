"""Duplicates: machines that look whether an address is free, and find somebody there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Ether

from controller.services import duplicates
from controller.services.duplicates import QUIET_SECONDS, STANDING_SECONDS, Duplicates
from controller.services.outcome import PROBE, Duplicate, Ignored
from tests.services.town import NOW, facts, mac, punt

if TYPE_CHECKING:
    from controller.store import Store


@pytest.fixture(scope="module")
def known() -> Store:
    return facts()


def probe(number: int, address: str, sender: str = "0.0.0.0") -> bytes:
    return bytes(Ether(src=mac(number)) / ARP(op=1, hwsrc=mac(number), psrc=sender, pdst=address))


def solicitation(number: int, address: str) -> bytes:
    return bytes(Ether(src=mac(number)) / IPv6(src="::", dst="ff02::1:ff00:10", hlim=255) / ICMPv6ND_NS(tgt=address))


def test_who_looks_for_anothers_address_is_told_of(known: Store) -> None:
    asked = punt("acme/web-2", PROBE, probe(2, "10.1.0.10"))
    assert list(duplicates.answer(asked, known, NOW)) == [Duplicate("acme/web-1", "10.1.0.10", mac(2), "acme/web-2")]
    asked = punt("acme/web-2", PROBE, solicitation(2, "fd00:2::10"))
    assert list(duplicates.answer(asked, known, NOW)) == [Duplicate("acme/web-1", "fd00:2::10", mac(2), "acme/web-2")]


def test_who_looks_for_its_own_or_a_free_address_is_not(known: Store) -> None:
    for frame in (probe(2, "10.1.0.11"), probe(2, "10.1.0.200"), solicitation(2, "fd00:2::11")):
        assert list(duplicates.answer(punt("acme/web-2", PROBE, frame), known, NOW)) == []


def test_another_tenants_address_is_no_duplicate(known: Store) -> None:
    assert list(duplicates.answer(punt("beta/web-1", PROBE, probe(1, "10.1.0.11")), known, NOW)) == []


def test_a_question_that_is_no_probe_is_none(known: Store) -> None:
    asked = punt("acme/web-2", PROBE, probe(2, "10.1.0.10", sender="10.1.0.11"))
    assert list(duplicates.answer(asked, known, NOW)) == [Ignored("malformed")]


def test_the_same_one_is_told_every_minute_and_shown_for_a_while() -> None:
    seen, claim = Duplicates(), Duplicate("acme/web-1", "10.1.0.10", mac(2), "acme/web-2")
    assert [seen.put(claim, NOW + at) for at in (0, 1, QUIET_SECONDS, QUIET_SECONDS + 1)] == [True, False, True, False]
    last = NOW + QUIET_SECONDS + 1
    assert [each.first for each in seen.of("acme/web-1", last + STANDING_SECONDS)] == [NOW]
    assert seen.of("acme/web-1", last + STANDING_SECONDS + 1) == []
    assert seen.of("acme/web-2", last) == []
    seen.forget("acme/web-1")
    assert seen.of("acme/web-1", last) == []


@given(st.binary(max_size=120))
def test_no_bytes_raise(known: Store, noise: bytes) -> None:
    for frame in (probe(2, "10.1.0.10"), solicitation(2, "fd00:2::10")):
        for start in (0, 12, 14, 22, 54):
            list(duplicates.answer(punt("acme/web-2", PROBE, frame[:start] + noise), known, NOW))
