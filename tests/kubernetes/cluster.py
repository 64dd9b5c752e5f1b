"""The cluster of Kubernetes' own suites: namespaces x, y and z, in each pods a, b and c that serve ports 80 and 81."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from controller.entities import Port
from controller.intent import documents
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.resource import NoAllocation, Resource
from controller.policy.values import SCTP, TCP, UDP, Policy
from controller.policy.verdict import Conversation
from ovsdb.rows import ResourceRow
from tests.kubernetes.oracle import Cluster, Party
from tests.packets import sctp, tcp, udp
from tests.worlds import SUBNETS, chassis, mac, network, plugged, project, world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Encap
    from tests.packets import Packet
    from tests.worlds import World

NAMESPACES, PODS = ("x", "y", "z"), ("a", "b", "c")
PROTOCOLS = {"TCP": TCP, "UDP": UDP, "SCTP": SCTP}
SERVED = {
    f"serve-{port}-{protocol.lower()}": (protocol, port) for port, protocol in product((80, 81), ("TCP", "UDP", "SCTP"))
}
OUTSIDE = Party("", "outside", "198.51.100.7", {}, {})
HOSTS = 2
NAME_LABEL = "kubernetes.io/metadata.name"
LAN = "x/pods"


@dataclass(frozen=True)
class Town:
    """Labels that differ from the usual ``ns: x`` and ``pod: a``, by namespace and by ``namespace/pod``."""

    relabelled: dict[str, dict[str, str]] = field(default_factory=dict)
    encap: Encap = "vxlan"

    def namespaces(self) -> dict[str, dict[str, str]]:
        """The labels that namespaces were given."""
        return {name: self.relabelled.get(name, {"ns": name}) for name in NAMESPACES}

    def pods(self, version: int = 4) -> list[Party]:
        """All pods, by their IPv4 or IPv6 addresses."""
        return [
            Party(ns, name, address(number, version), self.relabelled.get(f"{ns}/{name}", {"pod": name}), SERVED)
            for number, (ns, name) in enumerate(product(NAMESPACES, PODS), 1)
        ]

    def oracle(self, policies: list[dict[str, Any]]) -> Cluster:
        """Kubernetes' own view."""
        return Cluster(self.namespaces(), policies)

    def world(self, policies: Iterable[dict[str, Any]]) -> World:
        """Ours: a port is a pod, a project its namespace, and all are on one network."""
        pods = self.pods()
        places = [(f"hv{number % HOSTS + 1}", number) for number in range(1, len(pods) + 1)]
        projects = [project(name, *labels.items()) for name, labels in self.namespaces().items()]
        return world(
            (
                *(chassis(number) for number in range(1, HOSTS + 1)),
                network(LAN, 0x101, self.encap, SUBNETS),
                *projects,
                *(port(number, pod) for number, pod in enumerate(pods, 1)),
                *(plugged(key(pod), host, ofport) for pod, (host, ofport) in zip(pods, places, strict=True)),
                *entities(policies),
            )
        )


def address(number: int, version: int = 4) -> str:
    """Pod ``number``, as the worlds address machines."""
    return f"10.0.0.{number}" if version == 4 else f"fd00::{number:x}"


def key(pod: Party) -> str:
    """As tables and ports call a pod."""
    return f"{pod.namespace}/{pod.name}"


def first_packet(source: Party, target: Party, protocol: str, port: int) -> Packet:
    """What a pod sends another one first."""
    send = {"TCP": tcp, "UDP": udp, "SCTP": sctp}[protocol]
    return send(machine(source), machine(target), source.address, target.address, (40000, port))


def conversation(source: Party, target: Party, protocol: int, port: int) -> Conversation:
    """The same, as our judge is asked about it."""
    sender, receiver = (key(party) if party.namespace else None for party in (source, target))
    return Conversation(sender, receiver, source.address, target.address, protocol, 40000, port)


def machine(pod: Party) -> str:
    """Its MAC."""
    return mac(1 + NAMESPACES.index(pod.namespace) * len(PODS) + PODS.index(pod.name))


def port(number: int, pod: Party) -> Port:
    """The port that is a pod."""
    named = tuple(sorted((name, PROTOCOLS[protocol], at) for name, (protocol, at) in pod.ports.items()))
    return Port(
        key=key(pod),
        uid=f"uid-{key(pod)}",
        project=pod.namespace,
        name=pod.name,
        network=LAN,
        mac=mac(number),
        addresses=(address(number, 4), address(number, 6)),
        labels=tuple(sorted(pod.labels.items())),
        named_ports=named,
    )


def entities(policies: Iterable[dict[str, Any]]) -> list[Policy]:
    """Policies as they are read from documents."""
    found = []
    for asked in documents.many(list(policies), Pacer()):
        kind, namespace, name = asked.key
        row = ResourceRow(kind, namespace, name, f"uid-{name}", asked.labels, "", "", 1, "", "", "")
        entity = KINDS[kind].entity(Resource(row, asked.spec, NoAllocation()))
        assert isinstance(entity, Policy)
        found.append(entity)
    return found
