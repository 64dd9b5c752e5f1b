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
    dpid: int = 0
    encap_ip: str | None = None
    tunnels: dict[str, tuple[Encap, int]] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    bare: bool = False


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
                    # Under what name a tunnel stands is only known once the host tells; then these are gone.
                    tunnels = {f"recalled {encap}": (encap, ofport) for encap, ofport in entity.tunnels}
                    self._hosts[name] = _Host(dpid, entity.encap_ip, tunnels)
                    self._by_dpid[dpid] = name
                case Interface(chassis=chassis, name=name) if chassis in self._hosts:
                    self._hosts[chassis].interfaces[name] = entity

    @staticmethod
    def _add(news: News, more: News) -> None:
        news.puts.extend(more.puts)
        news.deletes.extend(more.deletes)

    def host(self, row: ChassisRow) -> News:
        """A host joined, or its description changed."""
        host = self._hosts.setdefault(row.name, _Host())
        if self._by_dpid.get(host.dpid) == row.name:
            del self._by_dpid[host.dpid]
        host.dpid, host.encap_ip = self._own_dpid(row), row.encap_ip
        self._joined.add(row.name)
        news = News()
        if host.dpid:
            before = self._by_dpid.get(host.dpid, row.name)
            if not self.hosted(before):
                self._add(news, self._forget(before))
            self._by_dpid[host.dpid] = row.name
        news.puts.append(self._chassis(row.name))
        return news

    def _own_dpid(self, row: ChassisRow) -> int:
        """The datapath id of the host's bridge; 0 where it has none, or claims that of another host in reach."""
        holder = self._by_dpid.get(row.dpid or 0)
        taken = holder is not None and holder != row.name and self.joined(holder)
        return row.dpid if row.dpid and 0 < row.dpid < 1 << 64 and not taken else 0

    def known(self, chassis: str) -> frozenset[str]:
        """The names of the interfaces that the chassis is known to have, tunnels included."""
        host = self._hosts.get(chassis)
        return frozenset((*host.interfaces, *host.tunnels)) if host else frozenset()

    def interfaces(self, chassis: str, changed: Iterable[InterfaceRow], removed: Iterable[str], now: int) -> News:
        """Interfaces of a host's integration bridge came, changed or went; ``now`` in ms since 1970."""
        host = self._hosts.setdefault(chassis, _Host())
        news = News()
        tunnels = dict(host.tunnels)
        for row in changed:
            if row.type in TUNNELS and _usable(row):
                host.tunnels[row.name] = (cast("Encap", row.type), row.ofport or 0)
            elif row.type in TUNNELS:
                host.tunnels.pop(row.name, None)
            else:
                self._interface(news, host, chassis, row, now)
        for name in removed:
            host.tunnels.pop(name, None)
            if host.interfaces.pop(name, None) is not None:
                news.deletes.append((Interface, f"{chassis}/{name}"))
        if tunnels != host.tunnels:
            news.puts.append(self._chassis(chassis))
        return news

    @staticmethod
    def _interface(news: News, host: _Host, chassis: str, row: InterfaceRow, now: int) -> None:
        """An interface counts once OVS gave it a port; it is seen anew when it comes to stand for another port."""
        old = host.interfaces.get(row.name)
        if row.ofport is None or not _usable(row):
            if old is not None:
                del host.interfaces[row.name]
                news.deletes.append((Interface, old.key))
            return
        seen = old.seen if old and old.iface_id == row.iface_id else now
        new = Interface(f"{chassis}/{row.name}", chassis, row.name, row.ofport, row.iface_id, seen)
        if new != old:
            host.interfaces[row.name] = new
            news.puts.append(new)

    def bare_bridge(self, dpid: int, ports: dict[int, str], local: str) -> News:
        """A bridge that only OpenFlow tells of; ``ports`` are its numbered ports, ``local`` the bridge's own name."""
        if self._by_dpid.get(dpid, local) != local or local == INTEGRATION_BRIDGE:
            return News()
        host = self._hosts.get(local)
        if host is not None and not host.bare:
            return News()
        news = News()
        if host is None:
            host = self._hosts[local] = _Host(bare=True)
        self._by_dpid[dpid] = local
        news.puts.append(Chassis(local, dpid))
        fresh = {name: Interface(f"{local}/{name}", local, name, number) for number, name in ports.items()}
        news.deletes += [(Interface, old.key) for name, old in host.interfaces.items() if name not in fresh]
        news.puts += [new for name, new in fresh.items() if host.interfaces.get(name) != new]
        host.interfaces = fresh
        return news

    def _forget(self, chassis: str) -> News:
        """A bare bridge turned out to be a host's."""
        host = self._hosts.pop(chassis)
        gone: list[tuple[type, str]] = [(Interface, interface.key) for interface in host.interfaces.values()]
        return News([], [*gone, (Chassis, chassis)])

    def _chassis(self, name: str) -> Chassis:
        host = self._hosts[name]
        return Chassis(name, host.dpid, host.encap_ip, tuple(sorted(host.tunnels.values())))


def _usable(row: InterfaceRow) -> bool:
    """Whether OVS gave the interface a port that flows can name."""
    return row.ofport is not None and 0 < row.ofport < LARGEST_PORT and not row.error
