"""What becomes of packets between several switches: tunnels, wires, physical segments, and the daemon that they ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.entities import Chassis, Interface
from controller.flow import fields as f
from controller.links import Wire
from tests.compiled import compiled
from tests.connections import Connections
from tests.layers import TUNNEL
from tests.walk import TRACKED, Bridge, Walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controller.flow.actions import Action
    from tests.packets import Packet
    from tests.worlds import World

MOST_CROSSINGS = 64
KEY_BITS = {"vxlan": 24, "geneve": 24, "gre": 32}
OF_A_BRIDGE = frozenset((*f.REGS, *TRACKED, f.IN_PORT))
"""What a bridge knows of a packet beside what stands in it."""
UNTAGGED, FROM_CONTROLLER = 0xFFF, 0xFFFFFFFD


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that came out of a port which is no tunnel, for a machine or onto a physical segment."""

    chassis: str
    port: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class Punt:
    """A packet that a chassis asks the daemon about, with the registers as they stood."""

    chassis: str
    packet: Packet


@dataclass(slots=True)
class Journey:
    """Everything that became of one packet.

    ``crossings`` are (from, to, encapsulation, key) of the tunnels it went by, and (from, to, "wire", service path) of
    the wires, ``walks`` its way through each chassis, ``lost`` the ports at which it went into a cut wire,
    ``punts`` what the daemon got of it.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    punts: list[Punt] = field(default_factory=list)
    walks: list[tuple[str, Walk]] = field(default_factory=list)
    crossings: list[tuple[str, str, str, int]] = field(default_factory=list)
    lost: list[tuple[str, int]] = field(default_factory=list)


class DataPlane:
    """Every chassis of a world with the flows it should have, the underlay between them, and the physical segments.

    Connections are remembered from one packet to the next.
    """

    def __init__(self, world: World) -> None:
        self._bridges: dict[str, Bridge] = {}
        self._cut: tuple[str, ...] = ()
        self._silent = False
        self.becomes(world)

    def becomes(self, world: World) -> None:
        """It is another world now; the connections of a chassis that stays are still known."""
        self.compiler = compiled(world)
        known = {key: bridge.connections for key, bridge in self._bridges.items()}
        self._chassis = {one.key: one for one in world.values() if isinstance(one, Chassis)}
        self._interfaces = [one for one in world.values() if isinstance(one, Interface)]
        self._names = {(one.chassis, one.ofport): one.iface_id or one.key for one in self._interfaces}
        self._bridges = {key: Bridge(self.compiler.catalogue.flows(key)) for key in self._chassis}
        for key in self._bridges.keys() & known.keys():
            self._bridges[key].connections = known[key]
        wires = [one for one in world.values() if isinstance(one, Wire)]
        self._plugs = {place: one for one in wires for place in zip(one.ends, one.ports, strict=True)}
        self.fails(*self._cut, silent=self._silent)

    def fails(self, *wires: str, silent: bool = False) -> None:
        """Just these wires (keys) let nothing through from now on; their ports die of it unless they are ``silent``."""
        self._cut, self._silent = wires, silent
        for bridge in self._bridges.values():
            bridge.dead.clear()
        for (chassis, port), wire in self._plugs.items():
            if wire.key in wires and not silent:
                self._bridges[chassis].dead.add(port)

    def holds(self, bridges: Mapping[str, Bridge]) -> None:
        """These bridges hold other flows than they should, or do not hold them yet."""
        self._bridges.update(bridges)

    def forget(self) -> None:
        """No connection is known any more, as after a long silence."""
        for bridge in self._bridges.values():
            bridge.connections = Connections()

    def fate(self, sender: str, packet: Packet) -> list[str]:
        """The ports that a packet from a port reaches, each as often as it is reached."""
        return self.reached(self.sent_by(sender, packet))

    def reached(self, journey: Journey) -> list[str]:
        """The ports that it reached; a physical segment as ``physnet1``, or as ``physnet1.100`` with a tag."""
        return sorted(self.name(arrival) for arrival in journey.arrivals)

    def name(self, arrival: Arrival) -> str:
        """The port that something came out of, as ``reached`` names it."""
        segments = {ofport: name for name, ofport in self._chassis[arrival.chassis].segments}
        if arrival.port not in segments:
            return self._names[arrival.chassis, arrival.port]
        tag = arrival.packet.get(f.VLAN, 0) & UNTAGGED
        return segments[arrival.port] + (f".{tag}" if tag else "")

    def sent_by(self, sender: str, packet: Packet) -> Journey:
        """What becomes of a packet that a port's machine sends, from where it was plugged in last."""
        place = max((one for one in self._interfaces if one.iface_id == sender), key=lambda one: one.seen)
        return self.sent_from(place.chassis, place.ofport, packet)

    def sent_from(self, chassis: str, in_port: int, packet: Packet) -> Journey:
        """What becomes of a packet that enters a chassis by this port."""
        journey = Journey()
        self._enter(journey, chassis, in_port, packet)
        return journey

    def answers(self, sender: str, packet: Packet) -> list[Packet]:
        """What a port's machine hears back from its own chassis, with no tunnel crossed for it."""
        journey = self.sent_by(sender, packet)
        names = [self._names[arrival.chassis, arrival.port] for arrival in journey.arrivals]
        assert set(names) <= {sender}
        assert journey.crossings == []
        return [arrival.packet for arrival in journey.arrivals]

    def sent_on(self, segment: str, packet: Packet) -> Journey:
        """What becomes of a packet that a machine of a physical network sends to all of it."""
        journey = Journey()
        self._spread(journey, None, segment, packet)
        return journey

    def emitted(self, chassis: str, packet: Packet, actions: Sequence[Action]) -> Journey:
        """What becomes of a packet that the daemon has a chassis send."""
        journey = Journey()
        self._take(journey, chassis, self._bridges[chassis].emitted(packet, actions, FROM_CONTROLLER))
        return journey

    def _enter(self, journey: Journey, chassis: str, in_port: int, packet: Packet) -> None:
        """A packet out of a tunnel has been round once, to be unpacked."""
        by_tunnel = in_port in {ofport for _, ofport in self._chassis[chassis].tunnels}
        self._take(journey, chassis, self._bridges[chassis].walk(packet, in_port, int(by_tunnel)))

    def _take(self, journey: Journey, chassis: str, walk: Walk) -> None:
        tunnels = {ofport: encap for encap, ofport in self._chassis[chassis].tunnels}
        segments = {ofport: name for name, ofport in self._chassis[chassis].segments}
        journey.walks.append((chassis, walk))
        journey.punts += [Punt(chassis, packet) for packet in walk.punts]
        for port, sent in walk.outputs:
            if port in tunnels:
                self._cross(journey, chassis, tunnels[port], sent)
                continue
            if (chassis, port) in self._plugs:
                self._pass(journey, chassis, port, sent)
                continue
            journey.arrivals.append(Arrival(chassis, port, sent))
            if port in segments:
                self._spread(journey, chassis, segments[port], sent)

    def _cross(self, journey: Journey, chassis: str, encap: str, sent: Packet) -> None:
        """Over the underlay: what is in the packet, the key, the outer addresses and Geneve's option arrive."""
        for there in self._chassis.values():
            if there.encap_ip is None or not _is_for(sent, there.encap_ip):
                continue
            key = sent.get(f.TUN_ID, 0) & (1 << KEY_BITS[encap]) - 1
            journey.crossings.append((chassis, there.key, encap, key))
            assert len(journey.crossings) < MOST_CROSSINGS, "the packet goes round and round"
            for kind, port in there.tunnels:
                if kind == encap:
                    left = OF_A_BRIDGE if encap == "geneve" else OF_A_BRIDGE | {f.TUN_METADATA0}
                    inside = {of: value for of, value in sent.items() if of not in left}
                    self._enter(journey, there.key, port, inside | {f.TUN_ID: key})

    def _pass(self, journey: Journey, chassis: str, port: int, sent: Packet) -> None:
        """By a wire: the frame alone, to the bridge at its other end."""
        wire = self._plugs[chassis, port]
        if wire.key in self._cut:
            journey.lost.append((chassis, port))
            return
        there = 1 - wire.ends.index(chassis)
        journey.crossings.append((chassis, wire.ends[there], "wire", sent.get(f.NSH_SPI, 0)))
        assert len(journey.crossings) < MOST_CROSSINGS, "the packet goes round and round"
        inside = {of: value for of, value in sent.items() if of not in OF_A_BRIDGE | TUNNEL}
        self._enter(journey, wire.ends[there], wire.ports[there], inside)

    def _spread(self, journey: Journey, chassis: str | None, segment: str, sent: Packet) -> None:
        """Over a physical segment, whose switches have learned nothing yet: every other chassis there gets it."""
        assert len(journey.walks) < MOST_CROSSINGS, "the packet goes round and round"
        inside = {of: value for of, value in sent.items() if of not in OF_A_BRIDGE | TUNNEL}
        for there in self._chassis.values():
            for name, port in there.segments:
                if name == segment and there.key != chassis:
                    self._enter(journey, there.key, port, inside)


def _is_for(sent: Packet, address: str) -> bool:
    target = f.TUN_IPV6_DST if ":" in address else f.TUN_DST
    return sent.get(target, 0) == f.ip_number(address)
