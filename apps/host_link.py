"""Host link: nat networks reach the world through their own host, by one internal port that all of them share.

Each such network stands behind one address of the link, so that the host never sees what tenants call themselves; the
host routes and translates that address as it does its own. Nothing comes in by it that was not asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.next_hops import next_hop, next_mac
from apps.pipeline import CLASSIFY, DELIVER, DESTINATION, RESOLVE, ROUTER_IN
from controller.derived import HOST_ADDRESSES, HOST_LINK, HOST_MAC, LINK
from controller.flow.actions import Action, set_field
from controller.flow.fields import ETH_DST, IN_PORT, VLAN, mac_number
from controller.flow.flow import EVERYWHERE, Flow, Here, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis, Interface


def port(interface: Interface, _view: View) -> Iterator[Flow]:
    """The link's own port, on each host that has one."""
    if interface.name != HOST_LINK:
        return
    here = Here(interface.chassis)
    known: list[Action] = [set_field(r.NETWORK, LINK), set_field(r.ORIGIN, r.FROM_HOST), ROUTER_IN.goto]
    yield CLASSIFY.flow(here, "port", {IN_PORT: interface.ofport, VLAN: 0}, known)
    to_host: Match = {r.NETWORK: LINK, ETH_DST: mac_number(HOST_MAC)}
    yield DESTINATION.flow(here, "local", to_host, [set_field(r.OUT_PORT, interface.ofport), DELIVER.goto])


def host(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """The host has the same MAC and addresses on every link."""
    for address in HOST_ADDRESSES:
        yield RESOLVE.flow(EVERYWHERE, "known", next_hop(LINK, address), next_mac(HOST_MAC))
