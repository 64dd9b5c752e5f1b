"""Router: joins networks of one project, and leads out of them by an external one.

It is at the gateways of the subnets that it joins, unless somebody else is or another address is asked for. Networks
may come after it: the transaction that brings one gives the router its addresses there. The network that it leaves by
may be another project's that is shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from controller import entities
from controller.intent import allocate
from controller.intent.blocks import block, numbered
from controller.intent.kind import Claim, Contradiction, Draft, Kind
from controller.intent.kinds import addressing, router_rules
from controller.intent.kinds.router_spec import ExternalSpec, Joined, RouterDocument, RouterSpec, joined, left_by
from controller.intent.kinds.sharing import lent, network_key, reached
from controller.intent.kinds.subnet import SubnetSpec
from controller.intent.ports import span
from controller.intent.resource import InterfaceAllocation, Key, Resource, RouterAllocation

_NEW = RouterAllocation(0, 0, None, (), (), by_host=False)


def _settle(draft: Draft, key: Key, spec: RouterSpec, before: Resource | None) -> RouterAllocation:
    kept: RouterAllocation = before.allocated if before else _NEW
    own = _chosen(before) if before else {}
    outer = left_by(draft, key, spec)
    by_host = outer is not None and outer.network.mode == "nat"
    return replace(
        kept,
        interfaces=tuple(_settled(draft, key, one, own.get(one.name, ())) for one in joined(draft, key[1], spec)),
        external_addresses=_kept_outside(outer, before) if outer and by_host == kept.by_host else _given(outer),
        by_host=by_host,
    )


def _chosen(before: Resource) -> dict[str, tuple[str, ...]]:
    """What was chosen for the router earlier, by network: it stays; what it asked for goes with the asking."""
    given = {interface.network: interface.address for interface in before.spec.interfaces}
    return {
        each.network: tuple(address for address in each.own if address != given.get(each.network))
        for each in before.allocated.interfaces
    }


def _settled(draft: Draft, key: Key, one: Joined, chosen: tuple[str, ...]) -> InterfaceAllocation:
    addresses, own = [], []
    for subnet in one.network.subnets:
        found = _settled_address(draft, key, one, subnet, chosen)
        if found is None:
            continue
        addresses.append(found)
        if found != subnet.gateway:
            own.append(found)
    return InterfaceAllocation(one.name, tuple(addresses), tuple(own))


def _settled_address(draft: Draft, key: Key, one: Joined, subnet: SubnetSpec, chosen: tuple[str, ...]) -> str | None:
    """What was asked for, what the router had, or the gateway if nobody is there."""
    if one.address is not None and _holds(subnet, one.address):
        return one.address
    gateway = subnet.gateway
    for address in chosen:
        if address != gateway and _holds(subnet, address):
            return address
    if gateway is None or one.network.mode == "host-only":
        return None
    return gateway if draft.owner(_gateway_space(key[1], one.name), gateway) in (None, key) else None


def _holds(subnet: SubnetSpec, address: str) -> bool:
    return block(subnet.cidr).holds(*numbered(address))


def _given(outer: Joined | None) -> tuple[str, ...]:
    return (outer.address,) if outer and outer.address else ()


def _kept_outside(outer: Joined, before: Resource | None) -> tuple[str, ...]:
    """External addresses that were asked for, and of other IP versions those that the router had there."""
    found = _given(outer)
    if before is None or before.spec.external is None:
        return found
    if network_key(before.key[1], before.spec.external.network) != network_key(before.key[1], outer.name):
        return found
    had = {addressing.version_of(address) for address in found}
    for address in before.allocated.external_addresses:
        gone = not before.allocated.by_host and addressing.outside(address, outer.network.subnets) is not None
        if addressing.version_of(address) not in had and not gone:
            found = (*found, address)
    return found


def _complete(
    draft: Draft, key: Key, uid: str, spec: RouterSpec, settled: RouterAllocation
) -> RouterAllocation | Contradiction:
    number = addressing.router_number(draft, uid, settled.number)
    vni = settled.vni or addressing.free_number(draft, uid, addressing.VNIS, allocate.VNI_MAX)
    if number is None or vni is None:
        return Contradiction("/spec", "there are as many routers as there can be", conflict=True)
    outer = left_by(draft, key, spec)
    spaces = _mac_spaces(key, spec, given=outer is not None, by_host=settled.by_host)
    mac = settled.mac or addressing.free_mac(draft, uid, *spaces)
    interfaces = []
    for one, had in zip(joined(draft, key[1], spec), settled.interfaces, strict=True):
        place = _completed(draft, key, one, had)
        if isinstance(place, Contradiction):
            return place
        interfaces.append(place)
    addresses = _completed_outside(draft, key, outer, settled) if outer else ()
    if isinstance(addresses, Contradiction):
        return addresses
    return RouterAllocation(number, vni, mac, tuple(interfaces), addresses, settled.by_host)


def _completed(draft: Draft, key: Key, one: Joined, had: InterfaceAllocation) -> InterfaceAllocation | Contradiction:
    """An address in every subnet where the router has none yet."""
    space = addressing.address_space(key[1], one.name)
    more: list[str] = []
    for subnet in one.network.subnets:
        if any(_holds(subnet, address) for address in had.addresses):
            continue
        version = block(subnet.cidr).version
        found = addressing.free_address(draft, space, (subnet,), version)
        if found is None:
            return addressing.exhausted(draft, space, version, one.pointer)
        more.append(found)
    return InterfaceAllocation(one.name, (*had.addresses, *more), (*had.own, *more))


def _completed_outside(
    draft: Draft, key: Key, outer: Joined, settled: RouterAllocation
) -> tuple[str, ...] | Contradiction:
    """An external address of every IP version that the external network has."""
    had = settled.external_addresses
    if settled.by_host:
        found: tuple[str | None, ...] = had or tuple(
            draft.free(addressing.HOST_LINK, each) for each in addressing.HOST_LINK_SPANS
        )
        if None in found:
            return Contradiction("/spec/external/network", "no address is left on the hosts' links", conflict=True)
        return tuple(address for address in found if address is not None)
    space = addressing.address_space(*network_key(key[1], outer.name)[1:])
    for version in addressing.versions(outer.network.subnets):
        if any(addressing.version_of(address) == version for address in had):
            continue
        address = addressing.free_address(draft, space, outer.network.subnets, version)
        if address is None:
            return addressing.exhausted(draft, space, version, "/spec/external")
        had = (*had, address)
    return had


def _gateway_space(project: str, network: str) -> str:
    """Where routers are unique as gateways."""
    return f"gateway {project}/{network}"


def _mac_spaces(key: Key, spec: RouterSpec, *, given: bool, by_host: bool) -> Iterator[str]:
    """Where a router's MAC is unique; ``given`` says that it may leave by its external network."""
    for interface in spec.interfaces:
        yield addressing.mac_space(key[1], interface.network)
    outside = reached(key, spec.external.network, given=given) if spec.external else None
    if outside is not None:
        yield addressing.mac_space(*outside[1:])
    if by_host:
        yield addressing.HOST_LINK_MACS


def _claims(key: Key, spec: RouterSpec, allocated: RouterAllocation) -> Iterator[Claim]:
    if allocated.number:
        yield Claim(addressing.NUMBERS, allocated.number, "/spec", "router number")
    if allocated.vni:
        yield Claim(addressing.VNIS, allocated.vni, "/spec", "VNI")
    if allocated.mac is not None:
        given = bool(allocated.external_addresses)
        for space in _mac_spaces(key, spec, given=given, by_host=allocated.by_host):
            yield Claim(space, allocated.mac, "/spec", "MAC address")
    pointers = {interface.network: f"/spec/interfaces/{i}" for i, interface in enumerate(spec.interfaces)}
    for each in allocated.interfaces:
        for address in each.addresses:
            pointer = f"{pointers[each.network]}/address"
            if address in each.own:
                yield Claim(addressing.address_space(key[1], each.network), address, pointer, "address", rests=True)
            else:
                yield Claim(_gateway_space(key[1], each.network), address, pointer, "gateway")
    if spec.external is not None:
        yield from _outer_claims(key[1], spec.external, allocated)


def _outer_claims(project: str, external: ExternalSpec, allocated: RouterAllocation) -> Iterator[Claim]:
    network = network_key(project, external.network)
    space = addressing.HOST_LINK if allocated.by_host else addressing.address_space(*network[1:])
    for address in allocated.external_addresses:
        yield Claim(space, address, "/spec/external/address", "address", rests=True)


def _references(key: Key, spec: RouterSpec) -> tuple[Key, ...]:
    networks = [("Network", key[1], interface.network) for interface in spec.interfaces]
    if spec.external is not None:
        networks.append(network_key(key[1], spec.external.network))
    return tuple(dict.fromkeys(networks))


def _lent(key: Key, spec: RouterSpec, allocated: RouterAllocation) -> Key | None:
    return lent(key, spec.external.network, given=bool(allocated.external_addresses)) if spec.external else None


def _disturbed(before: RouterSpec | None, after: RouterSpec) -> bool:
    """Whether its port forwards may be the hosts' now, or are so no longer."""
    return before is None or before.external != after.external


def _entity(resource: Resource) -> entities.Router:
    row, spec, allocated = resource.row, resource.spec, resource.allocated
    return entities.Router(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        project=row.project,
        name=row.name,
        number=allocated.number,
        vni=allocated.vni,
        mac=allocated.mac,
        interfaces=tuple(
            entities.RouterInterface(f"{row.project}/{each.network}", each.addresses) for each in allocated.interfaces
        ),
        external=_external(resource.key, spec.external, allocated),
        routes=tuple(entities.StaticRoute(route.to, route.via) for route in spec.routes),
        helpers=spec.helpers,
    )


def _external(key: Key, external: ExternalSpec | None, allocated: RouterAllocation) -> entities.External | None:
    """None also while it waits for another project's network, which may well exist and not be shared."""
    network = reached(key, external.network, given=bool(allocated.external_addresses)) if external else None
    if external is None or network is None:
        return None
    return entities.External(
        network=f"{network[1]}/{network[2]}",
        addresses=allocated.external_addresses,
        snat=external.snat,
        snat6=external.snat6,
        ports=span(external.port_range),
    )


ROUTER = Kind(
    name="Router",
    plural="routers",
    scoped=True,
    rank=2,
    document=RouterDocument,
    spec=RouterSpec,
    allocation=RouterAllocation,
    contradictions=router_rules.contradictions,
    settle=_settle,
    complete=_complete,
    claims=_claims,
    references=_references,
    disturbed=_disturbed,
    entity=_entity,
    lent=_lent,
)
