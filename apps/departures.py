"""Departures: which courses speak of packets that leave the project by a router, or that come in by one.

Relations only. Outside is what a block of addresses holds beside the networks of the router's realm: what is for it,
and what comes from there, passes the router's exit.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from apps.stakes import blocks
from controller.addresses import within
from controller.courses import Course, Departure, Stake
from controller.derived import Exit, Leg
from controller.entities import Router
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.policy.values import Peer


def departures(course: Course, view: View) -> Iterator[Departure]:
    """The routers by which packets of a course leave, or come in."""
    senders, receivers = ({*view.groups(Stake, end, course.key)} for end in ("from", "to"))
    for realm in sorted(senders | receivers):
        for leaving in view.where(Exit, "realm", realm):
            known = inside(leaving.key, realm, view)
            outward = realm in senders and _beyond(course.traffic.targets, known, view)
            inward = realm in receivers and _beyond(course.traffic.sources, known, view)
            legs = view.where(Leg, "router", leaving.key)
            if legs and (outward or inward):
                yield Departure(
                    key=f"{course.key}|{leaving.key}",
                    course=course.key,
                    router=leaving.key,
                    realm=realm,
                    network=legs[0].network,
                    mac=legs[0].mac,
                    seat=leaving.seat,
                    everywhere=not leaving.network,
                    outward=outward,
                    inward=inward,
                )


def inside(router: str, realm: str, view: View) -> tuple[str, ...]:
    """The blocks that are not outside for a router: its realm's networks, and what is routed to machines there."""
    own = {block for leg in view.where(Leg, "realm", realm) for block in leg.blocks}
    known = view.find(Router, router)
    routes = known.routes if known is not None else ()
    routed = {route.to for route in routes if any(within(hop, block) for hop in route.via for block in own)}
    return tuple(sorted(own | routed))


def _beyond(peers: tuple[Peer, ...] | None, known: tuple[str, ...], view: View) -> bool:
    """Whether peers are blocks that hold more than what is inside."""
    return any(not _held(block, known) for peer in peers or () for block in blocks(peer, view))


def _held(block: str, known: tuple[str, ...]) -> bool:
    asked = ip_network(block, strict=False)
    wider = (ip_network(one) for one in known)
    return any(asked.version == one.version and asked.subnet_of(one) for one in wider)  # type: ignore[arg-type]


INDEXES: dict[type, tuple[Index, ...]] = {
    Departure: (
        Index("course", lambda leaving: (leaving.course,)),
        Index("router", lambda leaving: (leaving.router,)),
        Index("claim", lambda leaving: ((leaving.course, leaving.mac),)),
    ),
    Leg: (Index("realm", lambda leg: (leg.realm,)),),
}
