"""Addresses are given lowest first, once, and not before they have rested."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from controller.intent.blocks import Span, block, numbered, span, text
from controller.intent.indexes import Claims
from controller.intent.kind import Claim
from controller.intent.pools import Pool

BLOCK = "10.0.0.0/28"
HOSTS = [str(host) for host in ipaddress.ip_network(BLOCK).hosts()]
SPACE, KEY, RESTS = "address acme/web", ("Port", "acme", "p"), 10.0
SPANS = st.sampled_from((block(BLOCK).usable, span("10.0.0.3-10.0.0.6")))
STEPS = st.lists(
    st.tuples(st.sampled_from(("choose", "claim", "release", "draft", "wait")), st.sampled_from(HOSTS), SPANS),
    max_size=80,
)


def claim(address: str) -> Claim:
    return Claim(SPACE, address, "", "address", rests=True)


def chosen(claims: Claims, within: Span, now: float) -> str | None:
    pool = claims.pool(SPACE, within, now)
    return pool.lowest(lambda a: claims.owner(SPACE, a) is not None or claims.quarantine.holds(SPACE, a))


@given(STEPS)
def test_the_lowest_address_is_given_that_is_free_and_has_rested(steps: list[tuple[str, str, Span]]) -> None:
    claims, taken, freed, now = Claims(RESTS), set[str](), dict[str, float](), 0.0
    for what, address, within in steps:
        match what:
            case "claim":
                claims.take(claim(address), KEY)
                taken.add(address)
                freed.pop(address, None)
            case "release" if address in taken:
                claims.release(claim(address), KEY, now)
                taken.discard(address)
                freed[address] = now
            case "draft":
                chosen(claims, within, now)
            case "wait":
                now += 4
            case "choose":
                able = [a for a in HOSTS if within.lowest <= numbered(a)[1] <= within.highest and a not in taken]
                expected = next((a for a in able if now - freed.get(a, -RESTS) >= RESTS), None)
                assert claims.exhausted(SPACE, within, now) == (expected is None)
                assert chosen(claims, within, now) == expected
                if expected:
                    claims.take(claim(expected), KEY)
                    taken.add(expected)
    assert claims.quarantine.count(SPACE) <= len(freed)


def test_one_draft_gives_each_address_once() -> None:
    pool = Pool.of(block("10.0.0.0/30").usable).copy()
    assert [pool.lowest(lambda _: False) for _ in range(3)] == ["10.0.0.1", "10.0.0.2", None]


def test_an_address_that_is_another_one_s_by_now_does_not_rest() -> None:
    claims = Claims(RESTS)
    claims.take(claim(HOSTS[0]), KEY)
    claims.take(claim(HOSTS[0]), ("Port", "acme", "q"))
    claims.release(claim(HOSTS[0]), KEY, 0)
    assert claims.owner(SPACE, HOSTS[0]) == ("Port", "acme", "q")
    assert not claims.quarantine.holds(SPACE, HOSTS[0])


def test_an_address_rests_from_when_it_was_freed_last() -> None:
    claims = Claims(RESTS)
    for now in (0, 6):
        claims.take(claim(HOSTS[0]), KEY)
        claims.release(claim(HOSTS[0]), KEY, now)
    assert chosen(claims, block(BLOCK).usable, RESTS) == HOSTS[1]
    assert chosen(claims, block(BLOCK).usable, 6 + RESTS) == HOSTS[0]


def test_what_rested_is_forgotten() -> None:
    claims = Claims(RESTS)
    for address in HOSTS:
        claims.take(claim(address), KEY)
        claims.release(claim(address), KEY, 0)
    assert claims.quarantine.count(SPACE) == len(HOSTS)
    assert chosen(claims, block(BLOCK).usable, RESTS) == HOSTS[0]
    assert claims.quarantine.count(SPACE) == 0


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_ranges_are_read_as_they_are_written(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert span(f"{text(4, low)}-{text(4, high)}") == Span(4, low, high)
