"""Who receives a packet, straight from intent: no tables and no flows, nothing of the product but its entities."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, NamedTuple

from controller.entities import Chassis, Interface, Network, Port
from controller.flow import fields as f
from controller.links import Wire
from tests.packets import ADVERTISEMENT, REDIRECT, ROUTER_ADVERTISEMENT, SOLICITATION

if TYPE_CHECKING:
    from tests.packets import Packet
    from tests.worlds import World


class Place(NamedTuple):
    """A port that is up and plugged in, with its MAC as a number."""

    port: Port
    interface: Interface
    network: Network
    mac: int


def places(world: World) -> list[Place]:
    """Every such port; of several interfaces that claim it, the one seen last counts."""
    found = []
    for port in world.values():
        if not isinstance(port, Port) or not port.admin_up:
            continue
        names = {(port.binding.chassis, port.binding.interface)} if port.binding else {port.key, port.uid}
        every = [one for one in world.values() if isinstance(one, Interface)]
        claims = [one for one in every if ((one.chassis, one.name) if port.binding else one.iface_id) in names]
        network: Any = world.get((Network, port.network))
        if claims and network:
            last = max(claims, key=lambda one: (one.seen, one.key))
            found.append(Place(port, last, network, f.mac_number(port.mac)))
    return found


def link_local(mac: int) -> int:
    """RFC 4291, appendix A."""
    turned = mac ^ 1 << 41
    return 0xFE80 << 112 | turned >> 24 << 40 | 0xFFFE << 24 | turned & 0xFFFFFF


def own_addresses(me: Place) -> set[int]:
    """A port's own addresses; with one of IPv6 comes the link-local one."""
    v6 = any(":" in address for address in me.port.addresses)
    return {f.ip_number(address) for address in me.port.addresses} | ({link_local(me.mac)} if v6 else set())


def honest(me: Place, packet: Packet) -> bool:
    """Whether a packet speaks for the port's own addresses, or those it was allowed, and for no other."""
    pairs = [(me.mac, ip_network(address)) for address in own_addresses(me)]
    pairs += [(f.mac_number(pair.mac), ip_network(pair.address)) for pair in me.port.allowed_pairs]
    sender, kind = packet[f.ETH_SRC], packet[f.ETH_TYPE]
    said = {f.ETH_ARP: f.ARP_SPA, f.ETH_IP: f.IPV4_SRC, f.ETH_IPV6: f.IPV6_SRC}.get(kind)
    if pairs and (said is None or not may_say(me, pairs, packet, said)):
        return False
    if not pairs and sender != me.mac:
        return False
    if kind == f.ETH_ARP:
        return packet[f.ARP_SHA] == sender
    macs = {0, me.mac} if not pairs else {0, *(mac for mac, block in pairs if block.version == 6)}
    match packet.get(f.ICMPV6_TYPE):
        case code if code == SOLICITATION:
            return packet[f.ND_SLL] in macs
        case code if code == ADVERTISEMENT:
            target, told = packet[f.ND_TARGET], packet[f.ND_TLL]
            here = {mac for mac, block in pairs if holds(block, 6, target)} if pairs else {me.mac}
            return bool(here) and told in {0, *here}
        case code:
            return code not in {ROUTER_ADVERTISEMENT, REDIRECT}


def holds(block: Any, version: int, address: int) -> bool:
    """Whether an address of this version is in a block."""
    return block.version == version and address & int(block.netmask) == int(block.network_address)


def may_say(me: Place, pairs: list[tuple[int, Any]], packet: Packet, said: f.Field) -> bool:
    """Whether the sender may have this address, or none where it has yet to find out its own."""
    version = 6 if said is f.IPV6_SRC else 4
    if any(mac == packet[f.ETH_SRC] and holds(block, version, packet[said]) for mac, block in pairs):
        return True
    expects = any(ip_network(address).version == version for address in own_addresses(me))
    if packet[said] or packet[f.ETH_SRC] != me.mac or not expects:
        return False
    dhcp = (packet.get(f.UDP_SRC), packet.get(f.UDP_DST)) == (68, 67)
    return said is f.ARP_SPA or (packet[f.IP_PROTO] == f.ICMPV6 if version == 6 else dhcp)


def carries(world: World, here: Place, there: Place) -> bool:
    """Whether packets get from one to the other: by a tunnel where both could have one, else by wires and tunnels."""
    if here.interface.chassis == there.interface.chassis:
        return True
    ends: list[Any] = [world[Chassis, place.interface.chassis] for place in (here, there)]
    able = [bool(end.encap_ip) and here.network.encap in dict(end.tunnels) for end in ends]
    if able[0] and ends[1].encap_ip:
        return able[1]
    return ends[1].key in joined(world, ends[0].key)


def joined(world: World, start: str) -> set[str]:
    """The chassis that frames get to from one, by wires that are up, and by tunnels of chassis that are wired too."""
    wires = [one for one in world.values() if isinstance(one, Wire)]
    wired = {end for wire in wires for end in wire.ends}
    able = [one for one in world.values() if isinstance(one, Chassis) and one.encap_ip]
    edges = [set(wire.ends) for wire in wires if wire.up]
    edges += [
        {one.key, other.key}
        for one in able
        for other in able
        if one.key in wired and other.key not in wired and dict(one.tunnels).keys() & dict(other.tunnels)
    ]
    found = {start}
    while grown := {end for edge in edges if edge & found for end in edge} - found:
        found |= grown
    return found


def receivers(world: World, interface: Interface, packet: Packet) -> list[tuple[str, int | None]]:
    """The ports that get a packet which entered by an interface; with a MAC where it is the answer that tells it."""
    everyone = places(world)
    me = next((place for place in everyone if place.interface == interface), None)
    if me is None or f.VLAN in packet or (me.port.port_security and not honest(me, packet)):
        return []
    network = [place for place in everyone if place.network == me.network]
    solicited = packet.get(f.ICMPV6_TYPE) == SOLICITATION
    asked = packet[f.ND_TARGET] if solicited else packet[f.ARP_TPA] if packet.get(f.ARP_OP) == 1 else None
    if asked in own_addresses(me):
        return []
    if asked is not None and (not solicited or packet[f.ND_SLL]):
        knows = [place for place in network if asked in {f.ip_number(address) for address in place.port.addresses}]
        made_of_mac = asked >> 64 == 0xFE80 << 48 and asked >> 24 & 0xFFFF == 0xFFFE
        if made_of_mac and not knows:
            knows = [place for place in network if link_local(place.mac) == asked]
        if knows or made_of_mac:
            return [(me.port.key, place.mac) for place in knows]
    group = packet[f.ETH_DST] >> 40 & 1
    for_whom = network if group else holders(network, packet[f.ETH_DST])
    return sorted((place.port.key, None) for place in for_whom if place != me and carries(world, me, place))


def holders(network: list[Place], mac: int) -> list[Place]:
    """Whose MAC it is; who was allowed it, where it is nobody's own; everyone, where several were."""
    owners = [place for place in network if place.mac == mac]
    allowed = [place for place in network if mac in {f.mac_number(pair.mac) for pair in place.port.allowed_pairs}]
    return owners or (network if len(allowed) > 1 else allowed)
