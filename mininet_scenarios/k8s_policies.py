"""Kubernetes' policies, as they stand: who reaches whom is what Kubernetes says, for machines on three hosts.

Namespaces are projects, pods machines. Every pod asks every other one, before and after each change.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mininet_scenarios import k8s_manifests
from mininet_scenarios.k8s_cluster import Probe, gather
from mininet_scenarios.rest import Refused
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from mininet_scenarios.k8s_cluster import Cluster
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story

WEB, WEB6, OTHER, DATAGRAMS = Probe("tcp", 80, 4), Probe("tcp", 80, 6), Probe("tcp", 81, 4), Probe("udp", 80, 4)
CLOSED = ["no * -> x/*"]
# z/a is 10.80.0.17, z/c 10.80.0.19; z/b, 10.80.0.18, is excepted.
TO_XA = [*CLOSED, "yes y/b -> x/a", "yes y/c -> x/a", "yes z/a -> x/a"]
FROM_ZC = "no z/c -> *"


def tell(story: Story, lab: Lab) -> None:
    """Isolated, opened, overruled, relabelled, refused, and let go."""
    story.step("Three hosts, namespaces x, y and z with pods a, b and c on one network, and no policy")
    cluster = gather(lab)
    cluster.prove(story, {WEB: [], WEB6: [], DATAGRAMS: []})
    story.step("A NetworkPolicy isolates namespace x")
    lab.client.apply_text(k8s_manifests.DENY_INGRESS)
    cluster.prove(story, {WEB: CLOSED, WEB6: CLOSED, DATAGRAMS: CLOSED})
    story.step("What kubectl printed of another cluster is applied: two more, in x and in z")
    lab.client.apply_text(k8s_manifests.EXPORTED)
    tables = {WEB: [*TO_XA, FROM_ZC], OTHER: [*CLOSED, FROM_ZC]}
    cluster.prove(story, {**tables, DATAGRAMS: [*TO_XA, FROM_ZC]})
    relabel(story, lab.client, cluster)
    story.step("An AdminNetworkPolicy overrules them for x, and a baseline speaks where nobody else does, for y")
    lab.client.apply_text(k8s_manifests.ADMIN)
    overruled = ["no */* -> y/*", "yes y/* -> y/*", *CLOSED, "yes y/b -> x/a", "yes y/c -> x/a", "no z/c -> *"]
    cluster.prove(story, {WEB: [*overruled, "yes z/a -> x/*"], DATAGRAMS: overruled})
    refuse(story, lab.client, cluster, overruled)
    story.step("All of them are deleted")
    for kind, name in (("adminnetworkpolicies", "order-of-the-house"), ("baselineadminnetworkpolicies", "default")):
        lab.client.delete(f"/{kind}/{name}?wait=30")
    for namespace, name in (("x", "default-deny-ingress"), ("x", "web-from-y"), ("z", "only-to-x")):
        lab.client.delete(f"/projects/{namespace}/networkpolicies/{name}?wait=30")
    cluster.prove(story, {WEB: [], DATAGRAMS: []})


def relabel(story: Story, client: Rest, cluster: Cluster) -> None:
    """A namespace gets the label that z/c's policy asks for."""
    story.step("Namespace y gets the label by which z/c's policy chooses whom it may reach")
    client.call("PATCH", "/projects/y?wait=30", {"labels": {"team": "blue"}})
    cluster.prove(story, {OTHER: [*CLOSED, FROM_ZC, "yes z/c -> y/*"], WEB: [*TO_XA, FROM_ZC]})


def refuse(story: Story, client: Rest, cluster: Cluster, tables: list[str]) -> None:
    """A bad manifest is named where it is bad, and changes nothing."""
    story.step("A manifest with its range backwards is sent")
    try:
        client.apply_text(k8s_manifests.BACKWARDS)
        places = []
    except Refused as refused:
        places = [error["pointer"] for error in refused.problem["errors"]]
    told = places == ["/0/spec/ingress/0/ports/0/endPort"]
    story.check("it is refused, and the field is named", told, places)
    cluster.prove(story, {DATAGRAMS: tables})


if __name__ == "__main__":
    sys.exit(play(tell))
