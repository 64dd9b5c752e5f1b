"""Middleboxes: where the steps of service chains are plugged in, and which of their instances are alive.

Relations only. A port of a middlebox is a port of nothing else: nobody reaches it by an address, and what it sends is
what it was given. Of chains that want one port the first by priority and key has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.binding import place
from controller.courses import MIDDLEBOXES, SERVICE_CHAIN, Departure, Foothold, Line, Middlebox, Stake, Stop
from controller.entities import Chassis, Port
from controller.links import DeadPort, Link, ServiceChain
from controller.policy.derived import Post
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.courses import Fault
    from controller.entities import Interface
    from controller.links import Instance


def middleboxes(port: Port, view: View) -> Iterator[Middlebox]:
    """A port that a service chain has, where it is plugged in."""
    chains = view.where(ServiceChain, "port", port.key)
    if not chains:
        return
    chain = min(chains, key=_order)
    found = place(port, view)
    if found is None:
        return
    step, outward = _use(chain, port.key)
    fault = _fault(port, found, view)
    yield Middlebox(port.key, chain.key, step, outward, found.chassis, found.name, found.ofport, fault)


def _fault(port: Port, interface: Interface, view: View) -> Fault:
    if not port.admin_up:
        return "down"
    if view.find(DeadPort, f"{interface.chassis}/{interface.ofport}") is not None:
        return "no_link"
    links = view.where(Link, "end", interface.chassis)
    wired_only = links and view.get(Chassis, interface.chassis).encap_ip is None
    return "cut_off" if wired_only and not any(link.wires for link in links) else ""


def _order(chain: ServiceChain) -> tuple[int, str]:
    return chain.priority, chain.key


def _use(chain: ServiceChain, port: str) -> tuple[int, bool]:
    """The first step that has the port, and whether it is what comes out in the chain's direction."""
    return next(
        (step, port == instance.outward)
        for step, instances in enumerate(chain.steps)
        for instance in instances
        if port in {instance.inward, instance.outward}
    )


def lines(chain: ServiceChain, view: View) -> Iterator[Line]:
    """A chain as it stands."""
    steps = tuple(
        tuple(_stop(chain, place, instance, view) for instance in instances)
        for place, instances in enumerate(chain.steps)
    )
    yield Line(chain.key, steps, chain.symmetric, chain.on_failure)


def _stop(chain: ServiceChain, step: int, instance: Instance, view: View) -> Stop | None:
    """An instance, if both its ports can be used, and are this chain's for this."""
    inward, outward = view.find(Middlebox, instance.inward), view.find(Middlebox, instance.outward)
    if inward is None or outward is None or inward.fault or outward.fault:
        return None
    if (
        inward.outward
        or not outward.outward
        or {(inward.chain, inward.step), (outward.chain, outward.step)} != {(chain.key, step)}
    ):
        return None
    return Stop((inward.chassis, inward.ofport), (outward.chassis, outward.ofport))


def posts(chain: ServiceChain, view: View) -> Iterator[Post]:
    """The chassis that a chain's middleboxes are on: packets of the chain go on from there."""
    together = f"{MIDDLEBOXES}{chain.key}"
    for chassis in view.groups(Middlebox, "chain", chain.key):
        yield Post(f"{together}@{chassis}", together, chassis)


def footholds(chain: ServiceChain, view: View) -> Iterator[Foothold]:
    """The realms that these chassis have to know, to deliver what middleboxes give back."""
    course = f"{SERVICE_CHAIN}:{chain.key}"
    leaving = {one.realm for one in view.where(Departure, "course", course)}
    realms = sorted({*view.groups(Stake, "realm", course), *leaving})
    for chassis in view.groups(Middlebox, "chain", chain.key):
        for realm in realms:
            yield Foothold(f"{realm}@{chassis}@{chain.key}", realm, chassis)


def _ports(chain: ServiceChain) -> set[str]:
    return {port for step in chain.steps for one in step for port in (one.inward, one.outward)}


INDEXES: dict[type, tuple[Index, ...]] = {
    ServiceChain: (Index("port", _ports),),
    Link: (Index("end", lambda link: link.ends),),
    Middlebox: (
        Index("chain", lambda box: (box.chain,), group=lambda box: box.chassis),
        Index("place", lambda box: ((box.chassis, box.ofport),)),
    ),
    Foothold: (Index("realm", lambda foothold: (foothold.realm,), group=lambda foothold: foothold.chassis),),
}
