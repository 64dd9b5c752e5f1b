"""Random policies as documents, over labels, blocks and ports that the cluster has, so that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.kubernetes.cluster import NAME_LABEL, NAMESPACES, PODS, PROTOCOLS, SERVED
from tests.kubernetes.manifests import admin, policy

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Json = dict[str, Any]
_BLOCKS = ("0.0.0.0/0", "10.0.0.0/29", "10.0.0.3/30", "10.0.0.5/32", "198.51.100.0/24", "::/0", "fd00::/125")
_EXCEPTIONS = ("10.0.0.2/31", "10.0.0.5/32", "10.0.0.0/28")
_NUMBERS = (1, 79, 80, 81, 82, 65535)
_PROTOCOLS = st.sampled_from(tuple(PROTOCOLS))
_NAMES = st.sampled_from((*SERVED, "nobody-has-it"))


def _given(**fields: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """Objects that have any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def _few(items: SearchStrategy[Any], least: int = 0) -> SearchStrategy[list[Any]]:
    return st.lists(items, min_size=least, max_size=2)


def _selectors(key: str, values: tuple[str, ...]) -> SearchStrategy[Json]:
    value = st.sampled_from(values)
    chosen = st.fixed_dictionaries(
        {"key": st.just(key), "operator": st.sampled_from(("In", "NotIn")), "values": st.lists(value, min_size=1)}
    )
    there = st.fixed_dictionaries(
        {"key": st.sampled_from((key, "blue")), "operator": st.sampled_from(("Exists", "DoesNotExist"))}
    )
    return _given(
        matchLabels=st.dictionaries(st.just(key), value, max_size=1), matchExpressions=_few(st.one_of(chosen, there))
    )


PODS_SELECTED = _selectors("pod", PODS)
NAMESPACES_SELECTED = st.one_of(_selectors("ns", NAMESPACES), _selectors(NAME_LABEL, NAMESPACES))
BLOCKS = st.one_of(
    st.fixed_dictionaries({"cidr": st.sampled_from(_BLOCKS)}),
    st.fixed_dictionaries({"cidr": st.just("10.0.0.0/24"), "except": _few(st.sampled_from(_EXCEPTIONS))}),
)
PEERS = st.one_of(
    _given(podSelector=PODS_SELECTED, namespaceSelector=NAMESPACES_SELECTED).filter(bool),
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
)
RANGES = st.tuples(st.sampled_from(_NUMBERS), st.sampled_from(_NUMBERS)).map(sorted)
PORTS = st.one_of(
    _given(protocol=_PROTOCOLS, port=st.sampled_from(_NUMBERS)),
    st.builds(lambda protocol, ends: {"protocol": protocol, "port": ends[0], "endPort": ends[1]}, _PROTOCOLS, RANGES),
)
NAMED_PORTS = st.fixed_dictionaries({"protocol": _PROTOCOLS, "port": _NAMES})
_LABELLED = _given(podSelector=PODS_SELECTED, namespaceSelector=NAMESPACES_SELECTED).filter(bool)


def _network_rules(side: str) -> SearchStrategy[Json]:
    """Rules; on the way out, names of ports stand beside peers that have names."""
    whole = _given(**{side: _few(PEERS), "ports": _few(PORTS)})
    named = _given(**{side: _few(PEERS if side == "from" else _LABELLED), "ports": _few(st.one_of(PORTS, NAMED_PORTS))})
    return st.one_of(whole, named)


NETWORK_POLICIES = st.builds(
    lambda namespace, spec: policy(metadata={"name": "p", "namespace": namespace}, spec=spec),
    st.sampled_from(NAMESPACES),
    st.fixed_dictionaries(
        {"podSelector": PODS_SELECTED},
        optional={
            "policyTypes": st.lists(st.sampled_from(("Ingress", "Egress")), unique=True),
            "ingress": _few(_network_rules("from")),
            "egress": _few(_network_rules("to")),
        },
    ),
)
SUBJECTS = st.one_of(
    st.fixed_dictionaries({"namespaces": NAMESPACES_SELECTED}),
    st.fixed_dictionaries(
        {"pods": st.fixed_dictionaries({"namespaceSelector": NAMESPACES_SELECTED, "podSelector": PODS_SELECTED})}
    ),
)
NETWORKS = st.fixed_dictionaries({"networks": st.lists(st.sampled_from(_BLOCKS), min_size=1, max_size=2)})
ADMIN_PORTS = st.one_of(
    st.builds(
        lambda protocol, port: {"portNumber": {"protocol": protocol, "port": port}},
        _PROTOCOLS,
        st.sampled_from(_NUMBERS),
    ),
    st.builds(
        lambda protocol, ends: {"portRange": {"protocol": protocol, "start": ends[0], "end": ends[1]}},
        _PROTOCOLS,
        RANGES,
    ),
)
ADMIN_NAMED = st.one_of(ADMIN_PORTS, _NAMES.map(lambda name: {"namedPort": name}))


def _admin_rules(side: str, actions: tuple[str, ...]) -> SearchStrategy[list[Json]]:
    action = st.sampled_from(actions)
    ports = st.lists(ADMIN_NAMED, min_size=1, max_size=2)
    rules = st.fixed_dictionaries({"action": action, side: _few(SUBJECTS, 1)}, optional={"ports": ports})
    if side == "from":
        return st.lists(rules, max_size=3)
    plain = st.lists(ADMIN_PORTS, min_size=1, max_size=2)
    far = st.fixed_dictionaries(
        {"action": action, side: _few(st.one_of(SUBJECTS, NETWORKS), 1)}, optional={"ports": plain}
    )
    return st.lists(st.one_of(rules, far), max_size=3)


def _admin_spec(actions: tuple[str, ...], **more: SearchStrategy[Any]) -> SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {"subject": SUBJECTS, **more},
        optional={"ingress": _admin_rules("from", actions), "egress": _admin_rules("to", actions)},
    )


ADMIN_POLICIES = st.builds(
    lambda spec: admin(**spec),
    _admin_spec(("Allow", "Deny", "Pass"), priority=st.integers(0, 1000)),
)
BASELINES = st.builds(
    lambda spec: admin("BaselineAdminNetworkPolicy", "default", **spec),
    _admin_spec(("Allow", "Deny")),
)


def _numbered(policies: list[Json]) -> list[Json]:
    """Each with a name of its own."""
    return [
        {**policy, "metadata": {**policy["metadata"], "name": f"p{number}"}} for number, policy in enumerate(policies)
    ]


ALL = st.builds(
    lambda network, admin, baseline: [*_numbered(network), *_numbered(admin), *baseline],
    st.lists(NETWORK_POLICIES, max_size=3),
    st.lists(ADMIN_POLICIES, max_size=2),
    st.lists(BASELINES, max_size=1),
)
"""What may stand in a cluster at once."""
