"""Recommendation: the least that policies must allow so that ports can go on doing what they were seen to do.

Ports are told apart by their labels, and by name where they have none; machines of ours are peers by their labels too,
never by their addresses. What was never seen in a direction is denied in it.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from controller.entities import Port
from controller.live.observed import observation
from controller.policy.values import DIRECTIONS, ICMP, ICMPV6, PROTOCOL_NAMES, UDP, WITH_PORTS, Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.live.connections import Connections
    from controller.live.observed import Observation, Samples
    from controller.policy.values import Direction
    from controller.store import Store

MOST_BLOCKS = 16
"""Blocks of addresses outside that one rule names; of more it is all of their kind."""
_ALIKE = 3
_LONGEST_NAME = 63
_PEERS: dict[Direction, str] = {"ingress": "from", "egress": "to"}
_LEASES = frozenset((UDP, port) for port in (67, 68, 546, 547))
"""Nobody has to be allowed to ask for an address."""
_ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}

Document = dict[str, Any]
Selector = tuple[str, Labels, str]
"""Project, labels, and the port's name where it has none: ports that a policy cannot tell apart."""
Unavailable = dict[str, str]
"""Chassis that could not be asked, with why."""
Peer = Selector | str
"""Ports, or an address."""


class Recommender:
    """Sees what ports of a project do now, and remembers what they did."""

    def __init__(self, store: Store, connections: Connections, samples: Samples) -> None:
        self.store = store
        self._connections = connections
        self._samples = samples

    def see(self, project: str, selected: Callable[[Labels], bool]) -> tuple[list[str], list[Observation], Unavailable]:
        """The ports that are chosen by their labels, what they were seen to do, and who could not be asked."""
        chosen = [key for key in list(self.store.keys(Port)) if self._chosen(key, project, selected)]
        found, unavailable = self._connections.read(chosen)
        self._samples.add(seen for one in found if (seen := observation(one)) is not None)
        return chosen, self._samples.of(frozenset(chosen)), unavailable

    def _chosen(self, key: str, project: str, selected: Callable[[Labels], bool]) -> bool:
        port: Port | None = self.store.get(Port, key)
        return port is not None and port.project == project and selected(port.labels)


def documents(
    store: Store, project: str, ports: Iterable[str], seen: Iterable[Observation], reads: Callable[[str], bool]
) -> list[Document]:
    """A Policy for each sort of ports in a project; machines of projects that nobody ``reads`` are addresses."""
    telling = _Telling(store, reads)
    found: dict[Selector, dict[Direction, list[Observation]]] = {
        telling.selector(key): {"ingress": [], "egress": []} for key in sorted(ports)
    }
    for one in (side for observed in seen for side in observed.sides):
        selector = telling.selector(one.port)
        if selector in found and (one.said.protocol, one.said.target_port) not in _LEASES:
            found[selector][one.direction].append(one)
    names = _Names()
    return [
        {
            "kind": "Policy",
            "project": project,
            "name": names.unique(selector),
            "spec": {
                "applied_to": _chosen(selector, project),
                **{way: _rules(way, seen_there[way], telling, project) for way in DIRECTIONS},
            },
        }
        for selector, seen_there in found.items()
    ]


class _Telling:
    """What tells ports apart that do different things: labels, without those that are each port's own beside others."""

    def __init__(self, store: Store, reads: Callable[[str], bool]) -> None:
        self._store = store
        self._reads = reads
        self._own: dict[str, frozenset[str]] = {}

    def selector(self, key: str) -> Selector:
        port: Port | None = self._store.get(Port, key)
        project, _, name = key.partition("/")
        own = self._own_keys(project)
        every = port.labels if port is not None else ()
        labels = tuple(pair for pair in every if pair[0] not in own) or every
        return project, labels, "" if labels else name

    def peer(self, one: Observation) -> Peer:
        known = one.peer is not None and self._reads(one.peer.partition("/")[0])
        return self.selector(one.peer) if known and one.peer is not None else one.address

    def _own_keys(self, project: str) -> frozenset[str]:
        """Keys whose values no two ports of a project share."""
        if project not in self._own:
            values: dict[str, list[str]] = defaultdict(list)
            for key in list(self._store.keys(Port)):
                port: Port | None = self._store.get(Port, key)
                if port is not None and port.project == project:
                    for label, value in port.labels:
                        values[label].append(value)
            every = ((key, found) for key, found in values.items() if len(found) >= _ALIKE)
            self._own[project] = frozenset(key for key, found in every if len(set(found)) == len(found))
        return self._own[project]


class _Names:
    """Names for policies, each once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def unique(self, selector: Selector) -> str:
        _, labels, port = selector
        words = "-".join(value or key for key, value in labels) or port
        plain = re.sub(r"[^a-z0-9]+", "-", f"recommended-{words}".lower())[: _LONGEST_NAME - 4].strip("-")
        name, number = plain, 1
        while name in self._given:
            number += 1
            name = f"{plain}-{number}"
        self._given.add(name)
        return name


def _rules(way: Direction, seen: list[Observation], telling: _Telling, project: str) -> list[Document]:
    """What was seen in one direction: for each protocol and set of ports, its peers."""
    asked: dict[Peer, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for one in seen:
        asked[telling.peer(one)][one.said.protocol].add(one.said.target_port)
    together: dict[tuple[int, int, frozenset[int]], list[Peer]] = defaultdict(list)
    for peer, protocols in asked.items():
        for protocol, ports in protocols.items():
            version = ipaddress.ip_address(peer).version if isinstance(peer, str) else 0
            together[version, protocol, frozenset(ports)].append(peer)
    if not together:
        return [{"name": "nothing-else", "action": "deny", _PEERS[way]: "any"}]
    ordered = sorted(together.items(), key=_order)
    return [
        {
            "name": f"{PROTOCOL_NAMES.get(protocol, protocol)}-{number}",
            "action": "allow",
            _PEERS[way]: list(_peers(peers, project)),
            **_service(protocol, sorted(ports)),
        }
        for number, ((_, protocol, ports), peers) in enumerate(ordered, 1)
    ]


def _order(one: tuple[tuple[int, int, frozenset[int]], list[Peer]]) -> tuple[int, int, list[int]]:
    version, protocol, ports = one[0]
    return version, protocol, sorted(ports)


def _service(protocol: int, asked: list[int]) -> Document:
    """A protocol with the ports, or types, that were asked for."""
    named: Document = {"protocol": PROTOCOL_NAMES.get(protocol, protocol)}
    if protocol in WITH_PORTS:
        return named | {"ports": asked}
    if protocol in {ICMP, ICMPV6}:
        return named | {"types": [{"type": one >> 8, "code": one & 0xFF} for one in asked]}
    return named


def _peers(peers: list[Peer], project: str) -> Iterator[Document]:
    machines = sorted(peer for peer in peers if not isinstance(peer, str))
    yield from (_chosen(one, project) for one in machines)
    addresses = [ipaddress.ip_network(peer) for peer in peers if isinstance(peer, str)]
    if not addresses:
        return
    fours = (one for one in addresses if isinstance(one, ipaddress.IPv4Network))
    sixes = (one for one in addresses if isinstance(one, ipaddress.IPv6Network))
    blocks = [str(one) for one in (*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes))]
    if len(blocks) > MOST_BLOCKS:
        blocks = [_ANYWHERE[version] for version in sorted({one.version for one in addresses})]
    yield from ({"cidr": block} for block in blocks)


def _chosen(selector: Selector, project: str) -> Document:
    """Ports as a policy of a project names them."""
    owner, labels, name = selector
    chosen: Document = {"labels": dict(labels)} if labels else {"port": name}
    return chosen if owner == project else {"project": owner, **chosen}
