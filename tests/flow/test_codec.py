"""Flows go to bytes and back without loss, and no bytes whatever do more harm than a ``ValueError``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.errors import Bug
from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import Action, instructions
from controller.flow.cloning import clone
from controller.flow.codec import Term, Unknown, flow_actions, match_terms
from controller.flow.fields import Field, Masked
from controller.flow.flow import COOKIE_TAG, EVERYWHERE, Flow, cookie, encoded_match, salted
from controller.flow.groups import to_group
from controller.flow.headers import dec_nsh_ttl, decap, encap_ethernet, encap_nsh, pop_vlan, push_vlan
from controller.flow.text import actions_text, match_text
from controller.flow.tracking import FTP, UNDO, Kind, Nat, ct

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = [field for field in f.ALL if field not in f.WIDE_REGS]
"""Fields as matches have them: wide registers come back as the single ones they are made of."""
SETTABLE = [field for field in f.ALL if field not in {f.CT_STATE, f.CT_ZONE, f.IN_PORT}]
EXACT = {f.CT_STATE: 0xFF}
"""Fields of which fewer bits than are written mean something."""


@st.composite
def values(draw: st.DrawFn, field: Field) -> int | Masked:
    """An exact value, or a masked one whose mask is not empty."""
    value = draw(st.integers(0, field.all_ones))
    return value if draw(st.booleans()) else Masked(value, draw(st.integers(1, field.all_ones)))


@st.composite
def matches(draw: st.DrawFn) -> dict[Field, int | Masked]:
    """A match over fields that can stand together."""
    chosen: dict[Field, int | Masked] = {}
    implied: dict[Field, int] = {}
    for field in draw(st.lists(st.sampled_from(PLAIN), unique=True, max_size=8)):
        needs = dict(field.needs)
        together = all(implied.get(need, value) == value for need, value in needs.items())
        if together and not needs.keys() & chosen.keys() and field not in implied:
            implied |= needs
            chosen[field] = draw(values(field))
    return chosen


@given(matches())
def test_a_match_comes_back_with_what_it_implies(match: dict[Field, int | Masked]) -> None:
    expected = {}
    for field, value in match.items():
        masked = value if isinstance(value, Masked) else Masked(value, EXACT.get(field, field.all_ones))
        ones = field.parse(masked.mask)
        expected[field] = (field.parse(masked.value) & ones, ones)
        expected |= {need: (wanted, need.all_ones) for need, wanted in field.needs}
    terms = list(match_terms(encoded_match(match)))
    found = {term.field: (term.value, term.mask) for term in terms if isinstance(term, Term)}
    assert len(found) == len(terms)
    assert found == expected


@given(matches())
def test_a_match_is_written_the_same_in_whatever_order_it_is_told(match: dict[Field, int | Masked]) -> None:
    assert encoded_match(dict(reversed(match.items()))) == encoded_match(match)


def fields_of(least_bits: int) -> st.SearchStrategy[Field]:
    return st.sampled_from([field for field in f.ALL if field.bits >= least_bits])


def short_fields_of(least_bits: int) -> st.SearchStrategy[Field]:
    """Fields whose name has no vendor's number in it."""
    return fields_of(least_bits).filter(lambda field: not field.vendor)


@st.composite
def copies(draw: st.DrawFn) -> Action:
    source, target = draw(fields_of(8)), draw(fields_of(8))
    bits = draw(st.integers(1, min(source.bits, target.bits)))
    at = (draw(st.integers(0, source.bits - bits)), draw(st.integers(0, target.bits - bits)))
    return act.copy(source, target, bits, *at)


@st.composite
def divisions(draw: st.DrawFn) -> Action:
    field = draw(short_fields_of(16))
    bits = draw(st.integers(1, min(field.bits, 64)))
    at = draw(st.integers(0, min(field.bits - bits, 1023)))
    return act.multipath(draw(st.integers(1, 1 << 16)), field, at, bits, modulo=draw(st.booleans()))


PORTS = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)).map(lambda pair: (min(pair), max(pair)))
KINDS: st.SearchStrategy[Kind] = st.sampled_from(("snat", "dnat"))
TRANSLATIONS = st.one_of(
    st.just(UNDO),
    st.builds(Nat, KINDS),
    *(
        st.builds(Nat, KINDS, addresses, st.none() | addresses, st.none() | PORTS)
        for addresses in (st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
    ),
)
TABLES = st.integers(0, 253)
ZONES = st.integers(0, 0xFFFF) | st.sampled_from(f.REGS)
TRACKING = st.one_of(
    st.builds(ct, ZONES, table=st.none() | TABLES, nat=st.sampled_from((None, UNDO))),
    st.builds(
        ct,
        ZONES,
        table=st.none() | TABLES,
        commit=st.just(value=True),
        nat=st.none() | TRANSLATIONS,
        mark=st.none() | st.integers(0, 0xFFFFFFFF) | st.sampled_from(f.REGS),
        alg=st.sampled_from((None, FTP)),
    ),
)
CLAUSES = st.integers(2, 64)
SINGLE = st.one_of(
    st.builds(act.output, st.integers(1, 0xFFFFFFFF)),
    st.builds(act.output_field, st.sampled_from(f.REGS)),
    st.sampled_from(SETTABLE).flatmap(lambda field: st.builds(act.set_field, st.just(field), values(field))),
    st.builds(act.set_field, st.just(f.IN_PORT), st.integers(0, 0xFFFF)),
    copies(),
    st.builds(act.resubmit, TABLES),
    st.sampled_from((act.dec_ttl(), push_vlan(), pop_vlan())),
    st.sampled_from((encap_nsh(), encap_ethernet(), decap(), dec_nsh_ttl())),
    st.builds(to_group, st.integers(0, 0xFFFFFFFF)),
    st.builds(act.meter, st.integers(1, 0xFFFFFFFF)),
    st.builds(act.to_controller, st.integers(1, 0xFFFFFFFF)),
    CLAUSES.map(lambda count: act.conjunction(count, count // 2 + 1, count)),
    st.builds(act.check_larger, st.integers(0, 0xFFFF), short_fields_of(32), st.integers(0, 31)),
    divisions(),
    TRACKING,
)
ACTIONS = SINGLE | st.lists(SINGLE, max_size=3).map(lambda inside: clone(*inside))


@given(st.lists(ACTIONS, max_size=6), st.none() | st.builds(act.goto, st.integers(1, 253)))
def test_actions_come_back_as_they_were(applied: list[Action], then: Action | None) -> None:
    told = (*applied, then) if then else tuple(applied)
    assert tuple(flow_actions(instructions(told))) == told


def test_no_actions_mean_drop() -> None:
    assert instructions(()) == b""
    assert actions_text(b"") == "drop"


TO_NOBODY = "ffff001000002320 0024000000010001".replace(" ", "")
"""A source translation whose address is missing."""


def damaged(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Right bytes with some wrong ones in their midst, or cut short."""
    at, more = st.integers(0, 64), st.binary(max_size=4)
    spoilt = st.builds(lambda data, at, more: data[:at] + more + data[at + 1 :], whole, at, more)
    short = st.builds(lambda data, cut: data[:-cut], whole, st.integers(1, 9))
    return st.one_of(st.binary(max_size=64), spoilt, short)


@given(damaged(matches().map(encoded_match)))
@example(b"\x80\x00\x00")
def test_a_spoilt_match_is_at_worst_a_value_error(oxms: bytes) -> None:
    try:
        terms = list(match_terms(oxms))
        match_text(oxms)
    except ValueError:
        return
    assert all(isinstance(term, Term | Unknown) for term in terms)


@given(damaged(st.lists(ACTIONS, max_size=4).map(lambda made: instructions(tuple(made)))))
@example(bytes.fromhex("0004"))
@example(bytes.fromhex("0004001800000000 ffff0008 00002320".replace(" ", "") + "00" * 8))
@example(bytes.fromhex("0004001000000000 001c000800000000".replace(" ", "")))
@example(bytes.fromhex("0004001800000000 ffff001000002320 0022000100000007".replace(" ", "")))
@example(bytes.fromhex("0004001800000000 ffff001000002320 0025000000000000".replace(" ", "")))
@example(bytes.fromhex("0004002000000000 ffff001800002320 0023000000019e04 000f070000000000".replace(" ", "")))
@example(bytes.fromhex("0004001800000000 0019001080000004 0001000000000000".replace(" ", "")))
@example(
    bytes.fromhex("0004003000000000 ffff002800002320 0023000000000000 0005070000000000".replace(" ", "") + TO_NOBODY)
)
def test_spoilt_instructions_are_at_worst_a_value_error(wire: bytes) -> None:
    try:
        list(flow_actions(wire))
        actions_text(wire)
    except ValueError:
        return


def test_somebodys_own_fields_and_actions_are_told_as_hexadecimal() -> None:
    field = bytes.fromhex("80000e04 00000001".replace(" ", ""))
    action = bytes.fromhex("00130008 88470000".replace(" ", ""))
    applied = bytes.fromhex("0004001000000000") + action
    meter = bytes.fromhex("000600080000002a")
    assert list(match_terms(field)) == [Unknown("field", field)]
    assert list(flow_actions(applied + meter)) == [Unknown("action", action), Unknown("instruction", meter)]
    assert match_text(field) == f"field({field.hex()})"
    assert actions_text(applied) == f"action({action.hex()})"


@pytest.mark.parametrize(("clause", "clauses"), [(0, 2), (3, 2), (1, 1), (1, 65)])
def test_a_conjunction_that_no_packet_can_meet_is_a_bug(clause: int, clauses: int) -> None:
    with pytest.raises(Bug, match=f"clause {clause} of {clauses}"):
        act.conjunction(7, clause, clauses)


@pytest.mark.parametrize("make", [act.output_field, partial(act.multipath, 2, at=0, bits=8)])
def test_an_action_that_names_a_field_in_four_bytes_takes_none_with_a_longer_name(make: Callable[..., Action]) -> None:
    with pytest.raises(Bug, match="nsh_c2 does not fit into this action"):
        make(field=f.NSH_C2)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"mark": 1}, "remembers what it does not commit"),
        ({"alg": FTP}, "remembers what it does not commit"),
        ({"nat": Nat("snat", "192.0.2.1")}, "remembers what it does not commit"),
        ({"commit": True, "nat": Nat("snat", ports=(1, 2))}, "translates to no address"),
        ({"commit": True, "nat": Nat(None, "192.0.2.1")}, "translates to no address"),
    ],
)
def test_a_ct_that_means_nothing_is_a_bug(options: dict[str, Any], why: str) -> None:
    with pytest.raises(Bug, match=why):
        ct(5, **options)


def test_fields_that_exclude_each_other_are_a_bug() -> None:
    with pytest.raises(Bug, match="needs"):
        encoded_match({f.IPV4_SRC: "10.0.0.1", f.ARP_OP: 1})


def test_a_cookie_tells_content_and_nothing_else() -> None:
    assert cookie(1, 2, b"m", b"i") == cookie(1, 2, b"m", b"i")
    assert cookie(1, 2, b"m", b"i") >> 56 == COOKIE_TAG
    others = [(2, 2, b"m", b"i"), (1, 3, b"m", b"i"), (1, 2, b"n", b"i"), (1, 2, b"m", b"j"), (1, 2, b"mi", b"")]
    assert len({cookie(1, 2, b"m", b"i"), *(cookie(*other) for other in others)}) == len(others) + 1


def test_a_salted_flow_is_the_same_flow_under_another_cookie() -> None:
    flow = Flow(EVERYWHERE, 1, 2, b"m", b"i", cookie(1, 2, b"m", b"i"))
    other = salted(flow, 1)
    assert (other.slot, other.instructions) == (flow.slot, flow.instructions)
    assert other.cookie != flow.cookie
