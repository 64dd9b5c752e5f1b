"""Who reaches whom by Kubernetes' own words, on documents as they were written; nothing of the product.

Sources: the API reference of NetworkPolicy v1, of AdminNetworkPolicy and BaselineAdminNetworkPolicy v1alpha1.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Party:
    """A pod, or with no namespace somebody outside; ``ports`` are protocol and number of those that it names."""

    namespace: str
    name: str
    address: str
    labels: Json
    ports: dict[str, tuple[str, int]]


@dataclass(frozen=True)
class Cluster:
    """Namespaces' labels by name, without the one that each has by itself, and all policies."""

    namespaces: dict[str, Json]
    documents: list[Json]

    def reaches(self, source: Party, target: Party, protocol: str, port: int) -> bool:
        """Whether both ends let it pass; what a pod sends to itself passes always."""
        if source == target:
            return True
        what = (protocol, port, target)
        sent = not source.namespace or self._passes("egress", source, target, what)
        return sent and (not target.namespace or self._passes("ingress", target, source, what))

    def _passes(self, direction: str, pod: Party, peer: Party, what: tuple[str, int, Party]) -> bool:
        admin = self._decided("AdminNetworkPolicy", direction, pod, peer, what)
        if admin in ("Allow", "Deny"):
            return admin == "Allow"
        isolating = [one for one in self._of("NetworkPolicy") if self._isolates(one, direction, pod)]
        if isolating:
            return any(self._allows(one, direction, peer, what) for one in isolating)
        return self._decided("BaselineAdminNetworkPolicy", direction, pod, peer, what) != "Deny"

    def _of(self, kind: str) -> list[Json]:
        return [one for one in self.documents if one["kind"] == kind]

    def _decided(self, kind: str, direction: str, pod: Party, peer: Party, what: tuple[str, int, Party]) -> str | None:
        """The action of the first rule that matches, by priority; of equal priority the order is undefined."""
        for policy in sorted(self._of(kind), key=lambda one: (one["spec"].get("priority"), one["metadata"]["name"])):
            if not self._among(policy["spec"]["subject"], pod):
                continue
            for rule in policy["spec"].get(direction) or ():
                peers = rule["from" if direction == "ingress" else "to"]
                if any(self._among(one, peer) for one in peers) and _admin_ports(rule, what):
                    action: str = rule["action"]
                    return action
        return None

    def _among(self, meant: Json, party: Party) -> bool:
        """A subject, or a peer of an admin policy."""
        if "networks" in meant:
            return any(_inside(party.address, one) for one in meant["networks"])
        if not party.namespace:
            return False
        if "namespaces" in meant:
            return _selects(meant["namespaces"], self._namespace(party))
        pods = meant["pods"]
        return _selects(pods["namespaceSelector"], self._namespace(party)) and _selects(
            pods["podSelector"], party.labels
        )

    def _namespace(self, party: Party) -> Json:
        return {**self.namespaces[party.namespace], "kubernetes.io/metadata.name": party.namespace}

    def _isolates(self, policy: Json, direction: str, pod: Party) -> bool:
        spec = policy["spec"]
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        here = policy["metadata"].get("namespace", "default") == pod.namespace
        return here and direction.capitalize() in types and _selects(spec.get("podSelector") or {}, pod.labels)

    def _allows(self, policy: Json, direction: str, peer: Party, what: tuple[str, int, Party]) -> bool:
        for rule in policy["spec"].get(direction) or ():
            peers = rule.get("from" if direction == "ingress" else "to")
            whom = not peers or any(
                self._is(one, policy["metadata"].get("namespace", "default"), peer) for one in peers
            )
            if whom and _ports(rule, what):
                return True
        return False

    def _is(self, meant: Json, here: str, party: Party) -> bool:
        """A peer of a NetworkPolicy in namespace ``here``."""
        block = meant.get("ipBlock")
        if block is not None:
            outside = any(_inside(party.address, one) for one in block.get("except") or ())
            return _inside(party.address, block["cidr"]) and not outside
        if not party.namespace:
            return False
        namespaces, pods = meant.get("namespaceSelector"), meant.get("podSelector")
        there = party.namespace == here if namespaces is None else _selects(namespaces, self._namespace(party))
        return there and (pods is None or _selects(pods, party.labels))


def _selects(selector: Json, labels: Json) -> bool:
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _met(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _met(one: Json, labels: Json) -> bool:
    key, values = one["key"], one.get("values") or ()
    match one["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def _inside(address: str, block: str) -> bool:
    return ip_address(address) in ip_network(block, strict=False)


def _ports(rule: Json, what: tuple[str, int, Party]) -> bool:
    protocol, port, receiver = what
    for one in rule.get("ports") or ():
        if one.get("protocol", "TCP") != protocol:
            continue
        match one.get("port"):
            case None:
                return True
            case str(name):
                if receiver.ports.get(name) == (protocol, port):
                    return True
            case first:
                if first <= port <= one.get("endPort", first):
                    return True
    return not rule.get("ports")


def _admin_ports(rule: Json, what: tuple[str, int, Party]) -> bool:
    protocol, port, receiver = what
    for one in rule.get("ports") or ():
        if "namedPort" in one:
            if receiver.ports.get(one["namedPort"]) == (protocol, port):
                return True
            continue
        span = one.get("portNumber") or one["portRange"]
        low, high = span.get("start", span.get("port")), span.get("end", span.get("port"))
        if span.get("protocol", "TCP") == protocol and low <= port <= high:
            return True
    return not rule.get("ports")
