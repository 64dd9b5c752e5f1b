"""Histories of a world: things change, go, come back and contradict each other."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from controller.entities import (
    Chassis,
    External,
    FloatingIp,
    Interface,
    Neighbour,
    Network,
    Plug,
    Port,
    PortForward,
    Project,
    Router,
    RouterInterface,
    Seat,
)
from controller.links import DeadPort, Heading, Link, PathPolicy, Placed, Route, ServiceChain, Track, Wire
from controller.policy.values import AddressGroup, Block, Machines, Policy, Tier
from tests.fabric_worlds import LONG, MAIN, ROUND
from tests.worlds import Key, World, mac, plugged, small_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.entities import Entity

Change = tuple[Key, "Entity | None"]
"""An entity as it is from now on; None when it is gone."""
Turn = list[Change]
History = list[Turn]


def _ports(port: Port) -> Iterator[Entity]:
    sibling = "acme/db" if port.network == "acme/web" else port.network
    yield replace(port, network=sibling)
    yield replace(port, network="acme/nowhere")
    yield replace(port, mac=mac(2))
    yield replace(port, addresses=("10.0.0.2", "fd00::7"), allowed_pairs=())
    yield replace(port, admin_up=False)
    yield replace(port, port_security=not port.port_security)
    yield replace(port, labels=(("app", "web"),), groups=())
    yield replace(port, labels=(("app", "cache"),), named_ports=(("pg", 6, 5432), ("pg2", 6, 99)))
    yield replace(port, groups=("acme/red",))
    yield replace(port, binding=Plug("hv2", "tap-acme-web-2"))
    yield replace(port, binding=Plug("hv1", "tap-acme-web-1"))


def _interfaces(interface: Interface) -> Iterator[Entity]:
    yield replace(interface, ofport=2)
    yield replace(interface, ofport=77)
    yield replace(interface, iface_id=None)
    yield replace(interface, iface_id="acme/web-1", seen=2)
    yield replace(interface, iface_id=f"uid-{interface.iface_id}")


def _chassis(chassis: Chassis) -> Iterator[Entity]:
    yield replace(chassis, encap_ip=None)
    yield replace(chassis, encap_ip="2001:db8::1")
    yield replace(chassis, tunnels=())
    yield replace(chassis, tunnels=(("geneve", 9), ("vxlan", 104)))
    yield replace(chassis, tunnels=(*chassis.tunnels, ("vxlan", 104)))
    yield replace(chassis, dpid=0)
    yield replace(chassis, segments=(), gateway=False)
    yield replace(chassis, segments=(("p1", 51),))


def _networks(network: Network) -> Iterator[Entity]:
    yield replace(network, encap="gre")
    yield replace(network, vni=network.vni + 0x1000)
    yield replace(network, mtu=9000)
    yield replace(network, subnets=network.subnets[:1])


def _routers(router: Router) -> Iterator[Entity]:
    yield replace(router, interfaces=router.interfaces[:1])
    yield replace(router, interfaces=(*router.interfaces, RouterInterface("acme/lab", ("10.6.0.254",))))
    yield replace(router, external=None)
    yield replace(router, external=External("acme/natted", ("169.254.64.33", "fd6e:6574:6c6f::33")))
    yield replace(router, external=External("acme/public", ("192.0.2.11",), snat=False))
    yield replace(router, routes=router.routes[:1])
    yield replace(router, mac=mac(0x77))
    yield replace(router, helpers=())


def _policies(policy: Policy) -> Iterator[Entity]:
    yield replace(policy, tier="nowhere")
    yield replace(policy, tier="late", priority=50)
    yield replace(policy, audit=not policy.audit)
    yield replace(policy, applied_to=(Machines(None),))
    yield replace(policy, applied_to=(Machines(("acme",), ports=("acme/web-2",)), *policy.applied_to))
    yield replace(policy, ingress=None, egress=())
    yield replace(policy, ingress=policy.egress, egress=policy.ingress)
    for rules in filter(None, (policy.ingress, policy.egress)):
        turned = tuple(replace(rule, action="deny", peers=(Machines(None),), services=()) for rule in rules[::-1])
        yield replace(policy, ingress=turned)
        yield replace(policy, ingress=(*rules, replace(rules[0], name="more", peers=None)))


def _wired(entity: Entity) -> Iterator[Entity]:
    """Of what bridges are joined by, other ends and ways."""
    match entity:
        case Wire():
            yield replace(entity, up=not entity.up)
            yield replace(entity, ports=(entity.ports[0] + 20, entity.ports[1]))
        case Link():
            yield replace(entity, wires=())
            yield replace(entity, wires=entity.wires[:1])
            yield replace(entity, wires=(*entity.wires, (31, 32)))
        case Route():
            yield replace(entity, next_hops=entity.next_hops[:1])
            yield replace(entity, next_hops=("s3", "s4", "hv1"))
            yield replace(entity, version=1 - entity.version)
            yield replace(entity, next_hops=())
        case Heading():
            yield replace(entity, version=1 - entity.version)
        case Track():
            yield replace(entity, detours=(0,) * len(entity.detours))
            yield replace(entity, detours=(ROUND, LONG))
            yield replace(entity, bridges=(*entity.bridges, "hv2"))
            yield replace(entity, then=MAIN)


def _steered(entity: Entity) -> Iterator[Entity]:
    """Of what steers packets, other peers, places in the order, and outcomes."""
    match entity:
        case PathPolicy():
            yield replace(entity, priority=400)
            yield replace(entity, on_no_path="fallback" if entity.on_no_path == "drop" else "drop")
            yield replace(entity, traffic=replace(entity.traffic, targets=(Block("10.0.0.2/31"),), services=()))
            yield replace(
                entity, traffic=replace(entity.traffic, sources=(Machines(("acme",), ports=("acme/other",)),))
            )
            yield replace(entity, wanted=replace(entity.wanted, via=("s3",)))
        case ServiceChain():
            yield replace(entity, symmetric=not entity.symmetric)
            yield replace(entity, on_failure="bypass")
            yield replace(entity, steps=entity.steps[::-1])
            yield replace(entity, steps=entity.steps[:1])
            yield replace(entity, traffic=replace(entity.traffic, targets=None, services=()))
        case Placed():
            yield replace(entity, track=ROUND)
            yield replace(entity, track=0, otherwise="drop")
        case DeadPort():
            yield entity


def _others(entity: Entity) -> Iterator[Entity]:
    """Of the rest, another place, port or address."""
    match entity:
        case Seat():
            yield replace(entity, chassis="hv1")
        case FloatingIp():
            yield replace(entity, port="acme/db-1")
            yield replace(entity, port="acme/web-2", private_address="fd00::2")
            yield replace(entity, address="192.0.2.21")
        case PortForward():
            yield replace(entity, port="acme/db-1")
            yield replace(entity, via="acme/inner")
            yield replace(entity, ports=(7000, 7003), target=7000)
        case Neighbour():
            yield replace(entity, mac=mac(0x78))
        case Policy():
            yield from _policies(entity)
        case Tier():
            yield replace(entity, default="pass")
            yield replace(entity, order=10, listed=True)
        case AddressGroup():
            yield replace(entity, cidrs=())
            yield replace(entity, cidrs=("10.0.0.0/25", "10.0.0.128/25", "fd00::7/128"))
        case Project():
            yield replace(entity, labels=(("env", "prod"),))
            yield replace(entity, labels=())
        case Wire() | Link() | Route() | Heading() | Track():
            yield from _wired(entity)
        case _:
            yield from _steered(entity)


@cache
def variants(base: Callable[[], World]) -> dict[Key, tuple[Entity | None, ...]]:
    """What each entity may become: mostly gone or back; an interface may turn up on the other host, later."""
    found: dict[Key, tuple[Entity | None, ...]] = {}
    for key, entity in base().items():
        match entity:
            case Port():
                found[key] = (None, None, entity, entity, *_ports(entity))
            case Interface():
                found[key] = (None, None, entity, entity, *_interfaces(entity))
                if entity.iface_id is None:
                    continue
                there = "hv2" if entity.chassis == "hv1" else "hv1"
                moved = plugged(str(entity.iface_id), there, entity.ofport + 20, seen=1)
                found[Interface, moved.key] = (None, moved, replace(moved, seen=3))
            case Chassis():
                found[key] = (None, None, entity, entity, *_chassis(entity))
            case Network():
                found[key] = (None, None, entity, entity, *_networks(entity))
            case Router():
                found[key] = (None, None, entity, entity, *_routers(entity))
            case _:
                found[key] = (None, None, entity, entity, *_others(entity))
    return found


@st.composite
def changes(draw: st.DrawFn, base: Callable[[], World]) -> Change:
    """One entity becomes something else."""
    key = draw(st.sampled_from(list(variants(base))))
    return key, draw(st.sampled_from(variants(base)[key]))


def histories(
    turns: int = 8, changes_a_turn: int = 4, base: Callable[[], World] = small_world
) -> st.SearchStrategy[History]:
    """Histories to play from a world on; a turn changes each entity at most once."""
    one = st.lists(changes(base), min_size=1, max_size=changes_a_turn, unique_by=_key)
    return st.lists(one, min_size=1, max_size=turns)


def _key(change: Change) -> Key:
    return change[0]


def parted(turn: Turn) -> tuple[list[Entity], list[Key]]:
    """What a turn puts and what it deletes."""
    return [entity for _, entity in turn if entity is not None], [key for key, entity in turn if entity is None]


def after(world: World, turns: Iterable[Turn]) -> World:
    """The world that these turns lead to."""
    now = dict(world)
    for turn in turns:
        for key, entity in turn:
            if entity is None:
                now.pop(key, None)
            else:
                now[key] = entity
    return now


def squashed(history: History) -> History:
    """All of it in one turn."""
    last = {key: entity for turn in history for key, entity in turn}
    return [list(last.items())]


def split(history: History) -> History:
    """Each change in a turn of its own."""
    return [[change] for turn in history for change in turn]


def reversed_where_free(history: History) -> History:
    """The last changes first, but those of one entity in their order: whatever commutes is turned round."""
    flat = [change for turn in history for change in turn]
    latest = [[change] for place, change in enumerate(flat) if change[0] not in {key for key, _ in flat[place + 1 :]}]
    return latest[::-1]
