"""Port forward: ports of a router's outer address lead to one port inside, from outside and from inside alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.nat_tables import DNAT
from apps.next_hops import destination, eth_type
from apps.outer import HAIRPIN, origins
from apps.pipeline import ROUTE
from controller.flow import fields as f
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Hosts, Match
from controller.flow.ranges import prefixes
from controller.flow.tracking import FTP, NEW, REL, UNDO, Nat, ct
from controller.zones import destination_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Forward

PORT_FIELDS = {"tcp": f.TCP_DST, "udp": f.UDP_DST}


def translate(forward: Forward, _view: View) -> Iterator[Flow]:
    """New connections to the outer ports; a range that keeps its numbers needs few flows, another one for each port."""
    low, high = forward.ports
    if low == forward.target and low != high:
        for outer in prefixes(low, high):
            yield from _inward(forward, outer, None)
    else:
        for port in range(low, high + 1):
            yield from _inward(forward, port, forward.target + port - low)
    if forward.helper:
        yield _data(forward)


def _inward(forward: Forward, outer: int | Masked, inner: int | None) -> Iterator[Flow]:
    nat = Nat("dnat", forward.inner, ports=None if inner is None else (inner, inner))
    zone, alg = destination_zone(forward.number), FTP if forward.helper else None
    for origin, mark in origins(HAIRPIN):
        match: Match = {
            r.ROUTER: forward.number,
            r.ORIGIN: origin,
            destination(forward.outer): forward.outer,
            PORT_FIELDS[forward.protocol]: outer,
            f.CT_STATE: Masked(NEW, NEW),
        }
        inward = ct(zone, table=ROUTE.number, commit=True, nat=nat, mark=mark, alg=alg)
        yield DNAT.flow(Hosts(forward.realm), "forward", match, [inward])


def _data(forward: Forward) -> Flow:
    """Connections that a forwarded one told of, such as FTP's for data."""
    told: Match = {f.ETH_TYPE: eth_type(forward.outer), f.CT_STATE: Masked(NEW | REL, NEW | REL)}
    follow = ct(destination_zone(forward.number), table=ROUTE.number, commit=True, nat=UNDO)
    return DNAT.flow(Hosts(forward.realm), "forward", {r.ROUTER: forward.number, **told}, [follow])
