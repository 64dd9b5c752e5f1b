"""Stakes: which plugged-in ports the courses speak of, so that everybody else's packets go as if there were none.

Relations only. From where courses have ports follows on which chassis they begin, and what a path policy demands.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import product
from typing import TYPE_CHECKING

from apps.binding import own_addresses, singles
from apps.rulings import plain_blocks
from controller.courses import Course, Departure, Interest, Stake
from controller.derived import Endpoint, Floating
from controller.entities import UNTUNNELLED
from controller.links import Demand, PathPolicy
from controller.policy.derived import Member, Post
from controller.policy.values import AddressGroup, Block, Listed, Machines
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.policy.values import Peer


def stakes(member: Member, view: View) -> Iterator[Stake]:
    """What courses want of a port that is plugged in; nothing where none speaks of it."""
    interest = view.find(Interest, member.identity)
    if interest is None:
        return
    endpoint = view.get(Endpoint, member.key)
    sources = (*interest.sources, *(key for key in interest.some_sources if _sends(endpoint, key, view)))
    targets = (*interest.targets, *(key for key in interest.some_targets if _receives(endpoint, key, view)))
    if not sources and not targets:
        return
    answered = [course for course in sources if view.get(Course, course).symmetric]
    given = [(course, False) for course in targets if view.get(Course, course).chain]
    yield Stake(
        key=endpoint.key,
        chassis=endpoint.chassis,
        realm=endpoint.realm,
        network=endpoint.network,
        vni=endpoint.vni,
        identity=interest.number,
        macs=tuple(_macs(endpoint, view)),
        sources=sources,
        targets=targets,
        aimed=endpoint.mode not in UNTUNNELLED and bool(targets or answered),
        returns=(*given, *((course, True) for course in answered)),
    )


def _sends(endpoint: Endpoint, course: str, view: View) -> bool:
    return _addressed(endpoint, view.get(Course, course).traffic.sources or (), view)


def _receives(endpoint: Endpoint, course: str, view: View) -> bool:
    return _addressed(endpoint, view.get(Course, course).traffic.targets or (), view)


def _addressed(endpoint: Endpoint, peers: tuple[Peer, ...], view: View) -> bool:
    """Whether one of its addresses is among those that peers ask for."""
    networks = [ip_network(block, strict=False) for peer in peers for block in blocks(peer, view)]
    own = [ip_address(address) for address in (*own_addresses(endpoint), *singles(endpoint))]
    return any(address in network for address in own for network in networks)


def blocks(peer: Peer, view: View) -> tuple[str, ...]:
    """The blocks of addresses that a peer is; none where it is machines, or no group of addresses."""
    match peer:
        case Block():
            return plain_blocks(peer.cidr, peer.excepts)
        case Listed():
            group = view.find(AddressGroup, peer.group)
            return group.cidrs if group is not None else ()
        case Machines():
            return ()


def _macs(endpoint: Endpoint, view: View) -> Iterator[str]:
    """Its own, and those that it was allowed and nobody else has: what is for others is flooded."""
    yield endpoint.mac
    for mac in sorted({pair.mac for pair in endpoint.allowed_pairs} - {endpoint.mac}):
        if view.count(Endpoint, "mac", (endpoint.network, mac)) == 1:
            yield mac


def posts(course: Course, view: View) -> Iterator[Post]:
    """The chassis on which its packets begin."""
    chassis = {*view.groups(Stake, "source", course.key)}
    if course.symmetric:
        chassis.update(view.groups(Stake, "target", course.key))
    for leaving in view.where(Departure, "course", course.key):
        if leaving.inward or course.symmetric:
            chassis.update(_entrances(leaving, view))
    for name in sorted(chassis):
        yield Post(f"{course.key}@{name}", course.key, name)


def _entrances(leaving: Departure, view: View) -> Iterator[str]:
    """The chassis at which packets of a course come in by a router."""
    if leaving.everywhere:
        yield from view.groups(Stake, "receives", (leaving.course, leaving.realm))
        return
    yield from view.groups(Floating, "realm", leaving.realm)
    if leaving.seat:
        yield leaving.seat


def demands(course: Course, view: View) -> Iterator[Demand]:
    """From where to where a path policy's packets go; to and from outside that is a router's exit.

    What stays on a chassis is asked for only where it is to make a round by others.
    """
    if course.chain:
        return
    policy = view.get(PathPolicy, course.key.partition(":")[2])
    inside = product(view.groups(Stake, "source", course.key), view.groups(Stake, "target", course.key))
    outside = (pair for leaving in view.where(Departure, "course", course.key) for pair in _crossings(leaving, view))
    for source, target in sorted({*inside, *outside}):
        if source != target or {*policy.wanted.via} - {source}:
            yield Demand(f"{policy.key}|{source}|{target}", policy.key, source, target)


def _crossings(leaving: Departure, view: View) -> Iterator[tuple[str, str]]:
    """Between which chassis packets go that leave by a router or come in by it; who leaves at home stays there."""
    place = (leaving.course, leaving.realm)
    if leaving.outward:
        senders = view.groups(Stake, "sends", place)
        at_home = {*(senders if leaving.everywhere else view.groups(Floating, "realm", leaving.realm))}
        yield from ((chassis, chassis) for chassis in at_home.intersection(senders))
        yield from ((chassis, leaving.seat) for chassis in senders if leaving.seat)
    if leaving.inward and leaving.seat:
        yield from ((leaving.seat, chassis) for chassis in view.groups(Stake, "receives", place))


def _aimed(stake: Stake) -> tuple[str, ...]:
    return stake.targets if stake.aimed else ()


def _placed_sources(stake: Stake) -> list[tuple[str, str]]:
    return [(course, stake.realm) for course in stake.sources]


def _placed_targets(stake: Stake) -> list[tuple[str, str]]:
    return [(course, stake.realm) for course in _aimed(stake)]


def _returns(stake: Stake) -> set[str]:
    return {course for course, _ in stake.returns}


def _claims(stake: Stake) -> set[tuple[str, bool, str]]:
    return {(course, answering, mac) for course, answering in stake.returns for mac in stake.macs}


INDEXES: dict[type, tuple[Index, ...]] = {
    Stake: (
        Index("source", lambda stake: stake.sources, group=lambda stake: stake.chassis),
        Index("target", _aimed, group=lambda stake: stake.chassis),
        Index("from", lambda stake: stake.sources, group=lambda stake: stake.realm),
        Index("to", _aimed, group=lambda stake: stake.realm),
        Index("sends", _placed_sources, group=lambda stake: stake.chassis),
        Index("receives", _placed_targets, group=lambda stake: stake.chassis),
        Index("realm", _returns, group=lambda stake: stake.realm),
        Index("returned", lambda stake: (stake.realm,) if stake.returns else (), group=lambda stake: stake.realm),
        Index("claim", _claims),
    ),
}
