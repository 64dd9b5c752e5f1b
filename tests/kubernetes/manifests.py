"""Short words for documents in Kubernetes' form."""

from __future__ import annotations

from typing import Any

V1, V1ALPHA1 = "networking.k8s.io/v1", "policy.networking.k8s.io/v1alpha1"


def policy(**more: Any) -> dict[str, Any]:
    """A NetworkPolicy's document."""
    head = {"apiVersion": V1, "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "x"}}
    return {**head, "spec": {"podSelector": {}}, **more}


def admin(kind: str = "AdminNetworkPolicy", name: str = "p", **spec: Any) -> dict[str, Any]:
    """An admin's document."""
    first = {"priority": 5} if kind == "AdminNetworkPolicy" else {}
    whole = {**first, "subject": {"namespaces": {}}, **spec}
    return {"apiVersion": V1ALPHA1, "kind": kind, "metadata": {"name": name}, "spec": whole}
