"""Policies as tenants write them, and what switches hold for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mininet_scenarios import rest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mininet_scenarios.rest import Rest

ANYBODY = {"any": True}
Peer = dict[str, Any]
Rule = dict[str, Any]


def labelled(key: str, value: str) -> Peer:
    """Machines of the tenant with this label."""
    return {"labels": {key: value}}


def rule(action: str, peer: Peer | None, *ports: int | str, protocol: str = "tcp", way: str = "from") -> Rule:
    """A rule about one peer, None being anybody; without ports it is about everything."""
    about = {"protocol": protocol, "ports": list(ports)} if ports else {}
    return {"action": action, way: [peer or ANYBODY], **about}


def policy(tenant: str, name: str, applied_to: Peer, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A policy for the machines that ``applied_to`` selects."""
    return rest.resource("Policy", tenant, name, {"applied_to": applied_to, **spec})


def tier(name: str, order: int, default: str) -> dict[str, Any]:
    """A step of evaluation."""
    return {"kind": "Tier", "name": name, "spec": {"order": order, "default": default}}


def change_labels(client: Rest, tenant: str, port: str, labels: Mapping[str, str | None], wait: int = 30) -> None:
    """Change labels of a port, None taking one away, and wait until every switch has confirmed."""
    client.call("PATCH", f"/projects/{tenant}/ports/{port}?wait={wait}", {"labels": dict(labels)})


def rule_flows(client: Rest, chassis: str) -> list[str]:
    """What a chassis holds of rules: the flows of its table RULES."""
    flows = client.get(f"/flows?chassis={chassis}")["items"]
    return sorted(str(flow) for flow in flows if flow["table"] == "RULES")
