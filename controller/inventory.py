"""The inventory: what the hosts' databases and the switches themselves tell, as entities.

A host is known by its database; a bare bridge (Mininet's, a lone switch) by its OpenFlow session alone. What a host
told stays true when its session is lost: its data plane goes on, and so do the flows that lead there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from controller.entities import Chassis, Encap, Interface

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Entity
    from ovsdb.rows import ChassisRow, InterfaceRow

TUNNELS = ("vxlan", "geneve", "gre")
LARGEST_PORT = 0xFFFFFF00
INTEGRATION_BRIDGE = "br-int"
MOST_BARE = 1024


@dataclass(slots=True)
class News:
    """Entities that came or changed, and those that went."""

    puts: list[Entity] = field(default_factory=list)
    deletes: list[tuple[type, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Host:
    """What is known of one chassis."""

    name: str
    dpid: int = 0
    encap_ip: str | None = None
    gateway: bool = False
    tunnels: dict[str, tuple[Encap, int]] = field(default_factory=dict)
    segments: dict[str, tuple[str, int]] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    bare: bool = False

    def chassis(self) -> Chassis:
        """As an entity."""
        tunnels, segments = tuple(sorted(self.tunnels.values())), tuple(sorted(self.segments.values()))
        return Chassis(self.name, self.dpid, self.encap_ip, tunnels, segments, self.gateway, self.bare)

    def take(self, row: InterfaceRow, now: int, news: News) -> None:
        """An interface came or changed; it may have been of the other sort before."""
        tunnel, usable = row.type in TUNNELS, _usable(row) and row.watch is None
        if tunnel or not usable:
            self._unplug(row.name, news)
        self.tunnels.pop(row.name, None)
        self.segments.pop(row.name, None)
        if usable and tunnel:
            self.tunnels[row.name] = (cast("Encap", row.type), row.ofport or 0)
        elif usable:
            self._plug(row, now, news)
            if row.physical_network is not None:
                self.segments[row.name] = (row.physical_network, row.ofport or 0)

    def _plug(self, row: InterfaceRow, now: int, news: News) -> None:
        """An interface is seen anew when it comes to stand for another port."""
        old = self.interfaces.get(row.name)
        seen = old.seen if old and old.iface_id == row.iface_id else now
        new = Interface(f"{self.name}/{row.name}", self.name, row.name, row.ofport or 0, row.iface_id, seen)
        if new != old:
            self.interfaces[row.name] = new
            news.puts.append(new)

    def drop(self, name: str, news: News) -> None:
        """An interface went."""
        self.tunnels.pop(name, None)
        self.segments.pop(name, None)
        self._unplug(name, news)

    def _unplug(self, name: str, news: News) -> None:
        if self.interfaces.pop(name, None) is not None:
            news.deletes.append((Interface, f"{self.name}/{name}"))


class Inventory:
    """Hosts by name and bridges by datapath id."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._by_dpid: dict[int, str] = {}
        self._joined: set[str] = set()

    def joined(self, chassis: str) -> bool:
        """Whether the host's database is in reach."""
        return chassis in self._joined

    def left(self, chassis: str) -> None:
        """The host's database is out of reach; what it told stays."""
        self._joined.discard(chassis)

    def chassis_of(self, dpid: int) -> str | None:
        """The chassis whose integration bridge has this datapath id."""
        return self._by_dpid.get(dpid)

    def hosted(self, chassis: str) -> bool:
        """Whether a database tells, or told, of this chassis."""
        host = self._hosts.get(chassis)
        return host is not None and not host.bare

    def bare_taken(self, chassis: str) -> str | None:
        """Why a bridge that only OpenFlow tells of cannot go by this name; None if it can."""
        host = self._hosts.get(chassis)
        if host is not None:
            return None if host.bare else f"the name {chassis} is that of a host"
        if sum(host.bare for host in self._hosts.values()) >= MOST_BARE:
            return f"there are {MOST_BARE} bridges of no host already"
        return None

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what was known before this daemon started; the entities are the caller's to compile."""
        for entity in entities:
            match entity:
                case Chassis(key=name, dpid=dpid):
                    # Under what names these stand is only known once the host tells; then these are gone.
                    tunnels = {f"recalled {encap}": (encap, ofport) for encap, ofport in entity.tunnels}
                    segments = {f"recalled {network}": (network, ofport) for network, ofport in entity.segments}
                    host = _Host(name, dpid, entity.encap_ip, entity.gateway, tunnels, segments, bare=entity.bare)
                    self._hosts[name] = host
                    if dpid:
                        self._by_dpid[dpid] = name
                case Interface(chassis=chassis, name=name) if chassis in self._hosts:
                    self._hosts[chassis].interfaces[name] = entity

    def host(self, row: ChassisRow) -> News:
        """A host joined, or its description changed."""
        news = News()
        if row.name in self._hosts and not self.hosted(row.name):
            news.deletes += self.forget_bare(row.name)
        host = self._hosts.setdefault(row.name, _Host(row.name))
        _give_up(self._by_dpid, host)
        host.dpid, host.encap_ip, host.gateway = self._own_dpid(row), row.encap_ip, row.gateway
        self._joined.add(row.name)
        if host.dpid:
            before = self._by_dpid.get(host.dpid, row.name)
            if not self.hosted(before):
                news.deletes += self.forget_bare(before)
            self._by_dpid[host.dpid] = row.name
        news.puts.append(host.chassis())
        return news

    def _own_dpid(self, row: ChassisRow) -> int:
        """The datapath id of the host's bridge; 0 where it has none, or claims that of another host in reach."""
        holder = self._by_dpid.get(row.dpid or 0)
        taken = holder is not None and holder != row.name and self.joined(holder)
        return row.dpid if row.dpid and 0 < row.dpid < 1 << 64 and not taken else 0

    def interfaces(
        self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...], now: int, *, whole: bool
    ) -> News:
        """Interfaces of a host's integration bridge came, changed or went; ``now`` in ms since 1970.

        ``whole`` says that ``changed`` is all there are: what else was known is gone.
        """
        host = self._hosts.setdefault(chassis, _Host(chassis))
        news, before = News(), host.chassis()
        gone = set(removed)
        if whole:
            gone |= {*host.interfaces, *host.tunnels, *host.segments} - {row.name for row in changed}
        for row in changed:
            host.take(row, now, news)
        for name in sorted(gone):
            host.drop(name, news)
        if before != host.chassis():
            news.puts.append(host.chassis())
        return news

    def bare_bridge(self, dpid: int, ports: dict[int, str], local: str) -> News:
        """A bridge that only OpenFlow tells of; ``ports`` are its numbered ports, ``local`` the bridge's own name."""
        if self._by_dpid.get(dpid, local) != local or local == INTEGRATION_BRIDGE:
            return News()
        host = self._hosts.get(local)
        if host is not None and not host.bare:
            return News()
        news = News()
        if host is None:
            host = self._hosts[local] = _Host(local, bare=True)
        if host.dpid != dpid or self._by_dpid.get(dpid) != local:
            _give_up(self._by_dpid, host)
            host.dpid = dpid
            self._by_dpid[dpid] = local
            news.puts.append(host.chassis())
        fresh = {name: Interface(f"{local}/{name}", local, name, number) for number, name in ports.items()}
        news.deletes += [(Interface, old.key) for name, old in host.interfaces.items() if name not in fresh]
        news.puts += [new for name, new in fresh.items() if host.interfaces.get(name) != new]
        host.interfaces = fresh
        return news

    def forget_bare(self, chassis: str) -> list[tuple[type, str]]:
        """A bare bridge goes by another name now, or turned out to be a host's: what it was known by goes."""
        host = self._hosts.pop(chassis)
        _give_up(self._by_dpid, host)
        return [*((Interface, interface.key) for interface in host.interfaces.values()), (Chassis, chassis)]


def _give_up(by_dpid: dict[int, str], host: _Host) -> None:
    """The host's datapath id is no longer its own."""
    if by_dpid.get(host.dpid) == host.name:
        del by_dpid[host.dpid]


def _usable(row: InterfaceRow) -> bool:
    """Whether OVS gave the interface a port that flows can name."""
    return row.ofport is not None and 0 < row.ofport < LARGEST_PORT and not row.error
