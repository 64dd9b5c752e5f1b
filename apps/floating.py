"""Floating IP: an outer address stands for one port, and for nothing else.

Both directions are translated on the port's own chassis where the segment is there, so that traffic takes no detour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.nat_tables import DNAT, SNAT, UN_SNAT
from apps.next_hops import destination, source
from apps.outer import (
    FLOATING_HAIRPIN,
    answer,
    beside,
    carry,
    end,
    entrance,
    origins,
    out_here,
    out_there,
    outer,
)
from apps.pipeline import DESTINATION, EXIT, ROUTE
from controller.courses import Departure
from controller.flow import fields as f
from controller.flow.actions import set_field
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Here, Hosts, Match
from controller.flow.tracking import NEW, RPL, Nat, ct
from controller.zones import destination_zone, source_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Floating


def ways(floating: Floating, view: View) -> Iterator[Flow]:
    """To the address, and from the port to what is not inside: by the chassis that translates it."""
    here, realm = Here(floating.chassis), Hosts(floating.realm)
    to_it: Match = {r.ROUTER: floating.number, destination(floating.address): floating.address}
    from_port: Match = {r.ROUTER: floating.number, source(floating.private): floating.private}
    yield EXIT.flow(here, "floating_here", to_it, [UN_SNAT.goto])
    yield EXIT.flow(here, "floating_source", from_port, out_here(floating.router, view))
    if view.count(Departure, "router", floating.router):
        home = out_there(floating.router, (floating.inner, floating.encap), floating.chassis, view)
        yield EXIT.flow(realm, "home", from_port, home)
    yield EXIT.flow(realm, "floating", to_it, carry(floating.inner, floating.encap, floating.chassis, view))
    yield end(realm, floating.number, floating.address)
    yield outer(here, floating.vni, floating.mac, floating.number)
    yield entrance(here, floating.vni, floating.mac)
    yield answer(here, floating.vni, floating.address, floating.mac)
    yield beside(here, floating.vni, floating.address, floating.mac)


def translations(floating: Floating, _view: View) -> Iterator[Flow]:
    """The destination on the way in, the source on the way out, each with the address' own MAC.

    From inside the port hears the address itself, so that its answers come back to where they are known.
    """
    realm, router = Hosts(floating.realm), floating.number
    for origin, mark in origins(FLOATING_HAIRPIN):
        match: Match = {r.ROUTER: router, r.ORIGIN: origin, destination(floating.address): floating.address}
        to_port = Nat("dnat", floating.private)
        inward = ct(destination_zone(router), table=ROUTE.number, commit=True, nat=to_port, mark=mark)
        yield DNAT.flow(realm, "floating", {**match, f.CT_STATE: Masked(NEW, NEW)}, [inward])
    first: Match = {f.CT_MARK: FLOATING_HAIRPIN, f.CT_STATE: Masked(0, RPL)}
    inside: Match = {r.ROUTER: router, destination(floating.private): floating.private, **first}
    translated = ct(source_zone(router), table=DESTINATION.number, commit=True, nat=Nat("snat", floating.address))
    yield SNAT.flow(realm, "hairpin", inside, [translated])
    own_mac = set_field(f.ETH_SRC, floating.mac)
    out: Match = {r.ROUTER: router, r.NETWORK: floating.vni}
    yield SNAT.flow(realm, "floating", {**out, source(floating.private): floating.private}, [own_mac, translated])
    yield SNAT.flow(realm, "floating", {**out, source(floating.address): floating.address}, [own_mac, DESTINATION.goto])
