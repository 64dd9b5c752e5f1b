"""Worlds in which packets are steered: cameras that send to recorders, by given ways and through middleboxes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from controller.entities import Interface, Port
from controller.links import DeadPort, Demand, Instance, PathPolicy, Placed, ServiceChain, Traffic, Wanted
from controller.policy.values import UDP, Machines, Requirement, Service
from tests.compiled import compiled
from tests.fabric_worlds import LONG, MAIN, MIXED, Plan
from tests.interpreter import OF_A_BRIDGE, TUNNEL, DataPlane
from tests.packets import Packet, udp
from tests.worlds import chassis, mac, with_more

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.entities import Entity
    from controller.links import OnFailure, OnNoPath
    from controller.policy.values import Peer
    from tests.worlds import World

MACHINES = {"cam": (1, "s1"), "nvr": (2, "s2"), "far": (3, "hv2"), "other": (4, "s1"), "beside": (5, "s1")}
"""Number and chassis of each: two recorders are elsewhere, ``far`` by a tunnel; ``beside`` is next to the camera."""
DOES = {"cam": "cam", "nvr": "nvr", "far": "nvr", "other": "other", "beside": "nvr"}
BOXES = {"fw": "s4", "ids": "s1", "dpi": "hv2", "fw2": "s2", "fw3": "hv1"}
"""Middleboxes, by two ports each: ``fw`` is where no machine is, ``ids`` beside the camera, ``dpi`` beside ``far``."""
STREAM = (Service(UDP, ((5004, 5004),)),)
ANY_WAY = Wanted()
NOWHERE_ELSE: Mapping[str, str] = MappingProxyType({})


def does(*apps: str) -> Machines:
    """The machines of acme that do this."""
    return Machines(("acme",), labels=(Requirement("app", "In", apps),))


CAMERAS, RECORDERS, EVERYBODY = does("cam"), does("nvr"), Machines(("acme",))


def fabric(plan: Plan = MIXED, hosts: Mapping[str, str] = NOWHERE_ELSE) -> World:
    """The machines, and two ports of each middlebox, on bridges that are wired, behind tunnels, or both.

    ``hosts`` are the bridges in place of those that the plan does not have.
    """
    boxes = [hosts.get(bridge, bridge) for bridge in BOXES.values() for _ in ("in", "out")]
    machines = {"acme/net": [hosts.get(bridge, bridge) for _, bridge in MACHINES.values()], "acme/box": boxes}
    return _named(replace(plan, machines=machines).world())


def overlay() -> World:
    """The same where all have tunnels and nothing is wired."""
    return fabric(Plan(tuple(map(chassis, (1, 2, 3))), (), {}), {"s1": "hv1", "s2": "hv2", "s4": "hv3"})


def _named(world: World) -> World:
    """Ports that are called by what they are, with labels."""
    names = {f"acme/net-{number}": name for name, (number, _) in MACHINES.items()}
    ends = [f"{box}-{end}" for box in BOXES for end in ("in", "out")]
    names |= {f"acme/box-{number}": end for number, end in enumerate(ends, 1)}
    found: World = {}
    for (kind, key), entity in world.items():
        match entity:
            case Port():
                name = names[key]
                port = replace(entity, key=f"acme/{name}", name=name)
                if name in DOES:
                    port = replace(port, labels=(("app", DOES[name]),))
                else:
                    port = replace(port, addresses=("10.9" + port.addresses[0].removeprefix("10.0"),))
                found[kind, port.key] = port
            case _ if getattr(entity, "iface_id", None) in names:
                found[kind, key] = replace(entity, iface_id=f"acme/{names[entity.iface_id]}")
            case _:
                found[kind, key] = entity
    return found


def policy(
    name: str = "video",
    sources: tuple[Peer, ...] | None = (CAMERAS,),
    targets: tuple[Peer, ...] | None = (RECORDERS,),
    services: tuple[Service, ...] = STREAM,
    *,
    wanted: Wanted = ANY_WAY,
    on_no_path: OnNoPath = "fallback",
    priority: int = 500,
) -> PathPolicy:
    """A path policy; unless told otherwise, for what cameras stream to recorders."""
    traffic = Traffic(sources, targets, services)
    return PathPolicy(f"acme/{name}", f"uid-{name}", "acme", traffic, wanted, on_no_path, priority)


def instance(box: str) -> Instance:
    """A middlebox."""
    return Instance(f"acme/{box}-in", f"acme/{box}-out")


def chain(
    *steps: Iterable[str],
    name: str = "guarded",
    sources: tuple[Peer, ...] | None = (CAMERAS,),
    targets: tuple[Peer, ...] | None = (RECORDERS,),
    services: tuple[Service, ...] = STREAM,
    symmetric: bool = True,
    on_failure: OnFailure = "drop",
    priority: int = 500,
) -> ServiceChain:
    """A service chain of these steps, of each the middleboxes that share it."""
    traffic = Traffic(sources, targets, services)
    made = tuple(tuple(map(instance, boxes)) for boxes in steps)
    return ServiceChain(f"acme/{name}", f"uid-{name}", "acme", traffic, made, symmetric, on_failure, priority)


def stream(sender: str, target: str, ports: tuple[int, int] = (40000, 5004), *, six: bool = False) -> Packet:
    """A packet from one machine to another; by UDP to the port of streams unless told otherwise."""
    one, other = MACHINES[sender][0], MACHINES[target][0]
    form = "fd00::{}" if six else "10.0.0.{}"
    return udp(mac(one), mac(other), form.format(one), form.format(other), ports)


def visited(plane: DataPlane, sender: str, packet: Packet) -> list[str]:
    """The ports that it comes out of, in order, where middleboxes give back what they get by their other port."""
    found: list[str] = []
    ahead = [(sender, packet)]
    while ahead:
        by, sent = ahead.pop()
        for arrival in plane.sent_by(f"acme/{by}", sent).arrivals:
            name = plane.name(arrival).removeprefix("acme/")
            found.append(name)
            if name not in MACHINES:
                ahead.append((other_end(name), carried(arrival.packet)))
        assert len(found) < 20, "it goes round and round"
    return found


def other_end(end: str) -> str:
    """The other port of a middlebox."""
    box, _, side = end.rpartition("-")
    return f"{box}-{'out' if side == 'in' else 'in'}"


def carried(packet: Packet) -> Packet:
    """What of a packet stands in its frame."""
    return {of: value for of, value in packet.items() if of not in OF_A_BRIDGE | TUNNEL}


def steered(world: World, *more: Entity) -> DataPlane:
    """The data plane of a world with these as well, of which every flow could be made."""
    whole = with_more(world, *more)
    assert compiled(whole).bugs == []
    return DataPlane(whole)


@cache
def whole() -> World:
    """Bridges wired and behind tunnels, with policies that found a way and that did not, and a chain of two steps."""
    policies = (policy(), policy("strict", (RECORDERS,), (CAMERAS,), on_no_path="drop"))
    asked = with_more(fabric(), *policies, chain(["fw", "fw2"], ["dpi"], sources=(does("other"),)))
    known = compiled(asked).store
    demands = [demand for key in sorted(known.keys(Demand)) if (demand := known.get(Demand, key)) is not None]
    placed = [_placed(demand, MAIN if demand.policy == "acme/video" else 0) for demand in demands]
    return with_more(asked, *placed, _placed(Demand("acme/video|s1|s1", "acme/video", "s1", "s1"), LONG))


def impaired() -> World:
    """The same where an instance of the first step is dead."""
    world = whole()
    return with_more(world, DeadPort(place_of(world, "fw2-in")))


def place_of(world: World, port: str) -> str:
    """Where a port is plugged in, as dead ports are called."""
    found = (one for one in world.values() if isinstance(one, Interface) and one.iface_id == f"acme/{port}")
    return next(f"{one.chassis}/{one.ofport}" for one in found)


def _placed(demand: Demand, track: int) -> Placed:
    return Placed(demand.key, demand.policy, demand.source, demand.target, track, "fallback" if track else "drop")
