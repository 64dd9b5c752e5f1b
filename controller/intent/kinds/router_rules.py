"""Which routers cannot be: networks that overlap or are of the wrong mode, addresses and next hops that are nowhere.

What a rule has to look at may not exist yet; it is judged when that comes.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.intent.blocks import IPV4, IPV6, Block, block
from controller.intent.kind import Contradiction, Draft, Findings
from controller.intent.kinds.addressing import outside, version_of
from controller.intent.kinds.router_spec import Joined, RouterSpec, RouteSpec, joined, left_by
from controller.intent.kinds.sharing import network_key
from controller.intent.resource import Key, RouterAllocation

_JOINING = ("overlay", "host-only")
_LEAVING = ("bridged", "nat")


def contradictions(draft: Draft, key: Key, spec: RouterSpec, settled: RouterAllocation) -> Findings:
    """Everything that is wrong with a router."""
    inner, outer = joined(draft, key[1], spec), left_by(draft, key, spec)
    yield from _given_twice(key[1], spec)
    for each in inner:
        yield from _interface_faults(each)
    if outer is not None:
        yield from _external_faults(outer)
    connected = (*inner, outer) if outer and outer.network.mode == "bridged" else inner
    yield from _overlaps(connected)
    whole = len(inner) == len(spec.interfaces) and (outer is not None or spec.external is None)
    yield from _routes_faults(spec, connected, settled, whole=whole)


def _given_twice(project: str, spec: RouterSpec) -> Findings:
    seen: set[str] = set()
    for index, interface in enumerate(spec.interfaces):
        if interface.network in seen:
            message = f"network {interface.network} is given twice"
            yield Contradiction(f"/spec/interfaces/{index}/network", message)
        seen.add(interface.network)
    if spec.external is None:
        return
    _, owner, name = network_key(project, spec.external.network)
    if owner == project and name in seen:
        message = f"network {name} is one of the interfaces already"
        yield Contradiction("/spec/external/network", message)


def _interface_faults(one: Joined) -> Findings:
    if one.network.mode not in _JOINING:
        message = f"network {one.name} is {one.network.mode}; routers join networks that are {' or '.join(_JOINING)}"
        yield Contradiction(f"{one.pointer}/network", message)
    if one.address is None:
        return
    problem = outside(one.address, one.network.subnets)
    if problem is None and one.network.mode == "host-only" and one.address in _gateways(one):
        problem = f"{one.address} is the hosts' own on host-only network {one.name}"
    if problem is not None:
        yield Contradiction(f"{one.pointer}/address", problem)


def _external_faults(one: Joined) -> Findings:
    mode = one.network.mode
    if mode not in _LEAVING:
        message = f"network {one.name} is {mode}; routers leave by networks that are {' or '.join(_LEAVING)}"
        yield Contradiction(f"{one.pointer}/network", message)
    if one.address is None:
        return
    if mode == "nat":
        problem: str | None = f"the hosts' own addresses are those by which nat network {one.name} is left"
    else:
        problem = outside(one.address, one.network.subnets)
    if problem is not None:
        yield Contradiction(f"{one.pointer}/address", problem)


def _gateways(one: Joined) -> tuple[str, ...]:
    return tuple(subnet.gateway for subnet in one.network.subnets if subnet.gateway is not None)


def _blocks(connected: tuple[Joined, ...]) -> Iterator[tuple[Block, int]]:
    """Every subnet, with the place of its network."""
    for place, one in enumerate(connected):
        yield from ((block(subnet.cidr), place) for subnet in one.network.subnets)


def _overlaps(connected: tuple[Joined, ...]) -> Findings:
    """Subnets of different networks that have addresses in common, found in one sweep from low to high."""
    ordered = sorted(_blocks(connected), key=lambda found: (found[0].version, found[0].first))
    widest: tuple[Block, int] | None = None
    for each, place in ordered:
        if widest is not None and widest[0].overlaps(each) and connected[widest[1]].name != connected[place].name:
            yield _overlap(connected, (each, place), widest)
        if widest is None or widest[0].version != each.version or widest[0].last < each.last:
            widest = each, place


def _overlap(connected: tuple[Joined, ...], one: tuple[Block, int], other: tuple[Block, int]) -> Contradiction:
    """Told of the later network."""
    (early, first), (late, last) = sorted((one, other), key=lambda found: found[1])
    message = f"{late.cidr} of network {connected[last].name} overlaps {early.cidr} of network {connected[first].name}"
    return Contradiction(f"{connected[last].pointer}/network", message)


def _routes_faults(
    spec: RouterSpec, connected: tuple[Joined, ...], settled: RouterAllocation, *, whole: bool
) -> Findings:
    """``whole``: all networks of the router exist, so that a next hop in none of them is in none."""
    seen: set[str] = set()
    own = {address for interface in settled.interfaces for address in interface.addresses}
    own.update(settled.external_addresses)
    blocks = [found for found, _ in _blocks(connected)]
    defaults = {IPV4, IPV6} if settled.by_host else _default_versions(connected)
    for index, route in enumerate(spec.routes):
        pointer = f"/spec/routes/{index}"
        if route.to in seen:
            yield Contradiction(f"{pointer}/to", f"{route.to} is given twice")
        seen.add(route.to)
        problem = _connected(block(route.to), blocks, defaults)
        if problem is not None:
            yield Contradiction(f"{pointer}/to", problem)
        for hop, message in _hop_faults(route, blocks, own, whole=whole):
            yield Contradiction(f"{pointer}/via/{hop}", message)


def _default_versions(connected: tuple[Joined, ...]) -> set[int]:
    """The IP versions for which the external network leads everywhere."""
    outer = [one for one in connected if one.network.mode == "bridged"]
    return {version_of(gateway) for one in outer for gateway in _gateways(one)}


def _connected(to: Block, blocks: list[Block], defaults: set[int]) -> str | None:
    """Why a block needs no route, or None."""
    if not to.prefix and to.version in defaults:
        return f"{to.cidr} leads out by the external network's gateway already"
    for each in blocks:
        if each.contains(to):
            return f"{to.cidr} is in subnet {each.cidr}, which the router is connected to"
    return None


def _hop_faults(route: RouteSpec, blocks: list[Block], own: set[str], *, whole: bool) -> Iterator[tuple[int, str]]:
    version = block(route.to).version
    for index, hop in enumerate(route.via):
        if hop in route.via[:index]:
            yield index, f"{hop} is given twice"
        if version_of(hop) != version:
            yield index, f"{hop} cannot be the next hop of {route.to}: it is not IPv{version}"
        elif hop in own:
            yield index, f"{hop} is the router's own address"
        elif whole and all(each.misplaced(hop) for each in blocks):
            yield index, f"next hop {hop} is outside every subnet of the router"
