"""For random policies in Kubernetes' form, its own words, our judge and the packets that arrive agree on everybody.

``NETLOOM_KUBERNETES_CLUSTERS=2000`` tries that many; each is asked about all pods, and somebody outside.
"""

from __future__ import annotations

import os
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.policy.gates import Gates
from controller.policy.verdict import judged
from tests.compiled import Watched
from tests.interpreter import DataPlane
from tests.kubernetes.cluster import NAMESPACES, OUTSIDE, PODS, PROTOCOLS, Town, conversation, first_packet, key
from tests.kubernetes.random_policies import ALL

CLUSTERS = int(os.environ.get("NETLOOM_KUBERNETES_CLUSTERS", "40"))
PROBES = tuple(product(PROTOCOLS, (79, 80, 81)))
TOWNS = st.builds(
    Town,
    st.dictionaries(
        st.sampled_from([*NAMESPACES, *(f"{one}/{pod}" for one, pod in product(NAMESPACES, PODS))]),
        st.dictionaries(st.sampled_from(("ns", "pod", "blue")), st.sampled_from((*NAMESPACES, *PODS)), max_size=2),
        max_size=3,
    ),
)


@given(TOWNS, ALL)
@settings(max_examples=CLUSTERS)
def test_our_judge_reads_documents_as_kubernetes_does(town: Town, policies: list[dict[str, Any]]) -> None:
    compiler, gates, oracle = Watched(), Gates(), town.oracle(policies)
    compiler.turn(town.world(policies).values())
    assert compiler.bugs == []
    for version in (4, 6):
        everybody = [*town.pods(version), OUTSIDE]
        for source, target in product(everybody, everybody):
            for protocol, port in PROBES if source != target else ():
                verdict = judged(compiler.store, conversation(source, target, PROTOCOLS[protocol], port), gates)
                asked = (key(source), key(target), protocol, port, verdict)
                assert verdict.allowed == oracle.reaches(source, target, protocol, port), asked


@given(TOWNS, ALL, st.sampled_from(PROBES))
@settings(max_examples=max(CLUSTERS // 6, 1))
def test_packets_arrive_where_kubernetes_lets_them(
    town: Town, policies: list[dict[str, Any]], probe: tuple[str, int]
) -> None:
    plane, oracle = DataPlane(town.world(policies)), town.oracle(policies)
    protocol, port = probe
    for version in (4, 6):
        for source, target in product(town.pods(version), town.pods(version)):
            if source == target:
                continue
            plane.forget()
            arrived = plane.fate(key(source), first_packet(source, target, protocol, port)) == [key(target)]
            assert arrived == oracle.reaches(source, target, protocol, port), (key(source), key(target))
