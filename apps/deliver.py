"""Deliver: out of a local port, or into a tunnel that carries the network's VNI; never into a tunnel to oneself.

What a router has turned round may leave by where it came from, which Open vSwitch lets nothing else do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.pipeline import DELIVER
from controller.flow.actions import Action, copy, output, output_field, set_field
from controller.flow.fields import IN_PORT, TUN_DST, TUN_ID, TUN_IPV6_DST, TUN_IPV6_SRC, TUN_METADATA0, TUN_SRC
from controller.flow.flow import EVERYWHERE, Flow, Here, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis


def translate(chassis: Chassis, _view: View) -> Iterator[Flow]:
    """Local delivery, and one flow for each encapsulation."""
    delivery: Match = {r.LOOKUP: r.DELIVERY}
    here: Match = {**delivery, r.VIA: r.LOCALLY}
    yield DELIVER.flow(EVERYWHERE, "local", here, [output_field(r.OUT_PORT)])
    turned: list[Action] = [set_field(IN_PORT, 0), output_field(r.OUT_PORT)]
    yield DELIVER.flow(EVERYWHERE, "routed", {**here, r.ORIGIN: r.FROM_ROUTER}, turned)
    if chassis.encap_ip is None:
        return
    scope = Here(chassis.key)
    source, target = (TUN_IPV6_SRC, TUN_IPV6_DST) if ":" in chassis.encap_ip else (TUN_SRC, TUN_DST)
    yield DELIVER.flow(scope, "self", {**delivery, target: chassis.encap_ip}, [])
    for encap, ofport in chassis.tunnels:
        key, ours = copy(r.NETWORK, TUN_ID), set_field(source, chassis.encap_ip)
        told: list[Action] = [copy(r.SENDER, TUN_METADATA0)] if encap == r.TELLING else []
        into: list[Action] = [key, ours, *told, set_field(IN_PORT, 0), output(ofport)]
        yield DELIVER.flow(scope, "tunnel", {**delivery, r.VIA: r.VIA_TUNNEL[encap]}, into)
