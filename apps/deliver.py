"""Deliver: out of a local port, or into a tunnel that carries the network's VNI; never into a tunnel to oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import pipeline as p
from apps.pipeline import DELIVER
from controller.flow.actions import Action, copy, output, output_field, set_field
from controller.flow.fields import TUN_DST, TUN_ID, TUN_IPV6_DST, TUN_IPV6_SRC, TUN_SRC
from controller.flow.flow import EVERYWHERE, Flow, Here, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis


def translate(chassis: Chassis, _view: View) -> Iterator[Flow]:
    """Local delivery, and one flow for each encapsulation."""
    delivery: Match = {p.LOOKUP: p.DELIVERY}
    yield DELIVER.flow(EVERYWHERE, "local", {**delivery, p.VIA: p.LOCALLY}, [output_field(p.OUT_PORT)])
    if chassis.encap_ip is None:
        return
    here = Here(chassis.key)
    source, target = (TUN_IPV6_SRC, TUN_IPV6_DST) if ":" in chassis.encap_ip else (TUN_SRC, TUN_DST)
    yield DELIVER.flow(here, "self", {**delivery, target: chassis.encap_ip}, [])
    for encap, ofport in chassis.tunnels:
        actions: list[Action] = [copy(p.NETWORK, TUN_ID), set_field(source, chassis.encap_ip), output(ofport)]
        yield DELIVER.flow(here, "tunnel", {**delivery, p.VIA: p.VIA_TUNNEL[encap]}, actions)
