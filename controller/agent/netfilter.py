"""Our nftables table: what comes by the hosts' link leaves as the host's own, and nothing passes unasked.

Nothing of the host or of other tables is touched. A port that the host itself listens on is never forwarded, whatever
a tenant asks. What the host was before is remembered in the table, because that lives exactly as long as what was
changed: until the machine, or its network namespace, ends.
"""

from __future__ import annotations

import ipaddress
import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from controller.agent.kernel import Table
from controller.derived import HOST_BLOCKS, HOST_LINK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from controller.agent.duties import Forward

FAMILY, NAME = "inet", "netloom"
_PLACE = {"family": FAMILY, "table": NAME}
_OWN = "nlh*"
_MEMORY = "memory"
_DNAT, _SNAT, _FILTER = -100, 100, 0
_WRITTEN, _WAS = "written ", "was "

_TUNNEL_PORTS = (4789, 6081)
"""Of VXLAN and Geneve (RFC 7348, RFC 8926)."""

Json = dict[str, Any]
_GRE: Json = {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "gre"}}


def document(forwards: Iterable[Forward], remembered: Mapping[str, str], *, link: bool) -> str:
    """The JSON that replaces the table as a whole; without ``link`` it only keeps host-only networks to themselves."""
    rules = list(_rules(forwards, remembered, link=link))
    chains = [_chain(name, *hook) for name, hook in _CHAINS.items() if link or name in {_MEMORY, "forward"}]
    memory = _rule(_MEMORY, {"counter": None}, comment=f"{_WRITTEN}{digest(forwards, remembered, link=link)}")
    table = {"table": {"family": FAMILY, "name": NAME}}
    commands = [{"add": table}, {"delete": table}, *({"add": one} for one in (table, *chains, *rules, memory))]
    return json.dumps({"nftables": commands})


def digest(forwards: Iterable[Forward], remembered: Mapping[str, str], *, link: bool) -> str:
    """The same for the same rules; it stands in the table with them."""
    rules = json.dumps(list(_rules(forwards, remembered, link=link)))
    return blake2b(rules.encode(), digest_size=8).hexdigest()


def count(forwards: Iterable[Forward], remembered: Mapping[str, str], *, link: bool) -> int:
    """How many rules the table has when it stands."""
    return sum(1 for _ in _rules(forwards, remembered, link=link)) + 1


def table(listing: str) -> Table:
    """Our table as ``nft -j list table`` tells it. Raises ValueError."""
    rules = [one["rule"] for one in json.loads(listing)["nftables"] if "rule" in one]
    comments = [rule.get("comment", "") for rule in rules if rule["chain"] == _MEMORY]
    written = next((text.removeprefix(_WRITTEN) for text in comments if text.startswith(_WRITTEN)), "")
    pairs = (text.removeprefix(_WAS).partition("=") for text in comments if text.startswith(_WAS))
    return Table(written, len(rules), {knob: value for knob, _, value in pairs})


def _rules(forwards: Iterable[Forward], remembered: Mapping[str, str], *, link: bool) -> Iterator[Json]:
    for knob, value in sorted(remembered.items()):
        yield _rule(_MEMORY, {"counter": None}, comment=f"{_WAS}{knob}={value}")
    yield _rule("forward", _meta("iifname", _OWN), {"drop": None})
    yield _rule("forward", _meta("oifname", _OWN), {"drop": None})
    if not link:
        return
    # As the host's own they would be believed by its peers: whoever sends them is in every tenant's networks.
    for tunnel in (_match({"payload": {"protocol": "udp", "field": "dport"}}, {"set": [*_TUNNEL_PORTS]}), _GRE):
        yield _rule("forward", _meta("iifname", HOST_LINK), tunnel, {"drop": None})
    chosen = tuple(forwards)
    if chosen:
        yield from _translations(chosen)
    yield _rule("forward", _meta("oifname", HOST_LINK), _ct("state", ["established", "related"]), {"accept": None})
    yield _rule("forward", _meta("oifname", HOST_LINK), _ct("status", "dnat"), {"accept": None})
    yield _rule("forward", _meta("oifname", HOST_LINK), {"drop": None})
    for block in HOST_BLOCKS:
        # A machine that calls its own host's forwarded port would be answered by itself.
        back = (_meta("oifname", HOST_LINK), _ct("status", "dnat"))
        yield _rule("postrouting", _from(block), *back, {"masquerade": None})
        yield _rule("postrouting", _from(block), _meta("oifname", HOST_LINK, "!="), {"masquerade": None})


def _translations(forwards: Iterable[Forward]) -> Iterator[Json]:
    """Forwards, after what the host itself listens on has been let through."""
    for wildcard in (0, 1):
        yield _rule("prerouting", _match({"socket": {"key": "wildcard"}}, wildcard), {"return": None})
    local = _match({"fib": {"result": "type", "flags": ["daddr"]}}, "local")
    for forward in forwards:
        ports: Any = {"range": [forward.first, forward.last]} if forward.first != forward.last else forward.first
        outer = _match({"payload": {"protocol": forward.protocol, "field": "dport"}}, ports)
        family = f"ip{6 if ipaddress.ip_address(forward.to).version == 6 else ''}"  # noqa: PLR2004 - IPv6
        yield _rule("prerouting", _own(family), local, outer, {"dnat": {"family": family, "addr": forward.to}})


def _own(family: str) -> Json:
    return _meta("nfproto", "ipv6" if family == "ip6" else "ipv4")


def _chain(name: str, kind: str = "", hook: str = "", priority: int = 0) -> Json:
    hooked = {"type": kind, "hook": hook, "prio": priority, "policy": "accept"} if hook else {}
    return {"chain": _PLACE | {"name": name} | hooked}


_CHAINS: Mapping[str, tuple[Any, ...]] = {
    _MEMORY: (),
    "prerouting": ("nat", "prerouting", _DNAT),
    "forward": ("filter", "forward", _FILTER),
    "postrouting": ("nat", "postrouting", _SNAT),
}


def _rule(chain: str, *statements: Json, comment: str = "") -> Json:
    found = _PLACE | {"chain": chain, "expr": list(statements)}
    return {"rule": found | {"comment": comment} if comment else found}


def _match(left: Json, right: Any, op: str = "==") -> Json:
    return {"match": {"op": op, "left": left, "right": right}}


def _meta(key: str, value: str, op: str = "==") -> Json:
    return _match({"meta": {"key": key}}, value, op)


def _ct(key: str, value: Any) -> Json:
    return _match({"ct": {"key": key}}, value, "in")


def _from(block: str) -> Json:
    network = ipaddress.ip_network(block)
    protocol = "ip6" if network.version == 6 else "ip"  # noqa: PLR2004 - IPv6
    source = {"payload": {"protocol": protocol, "field": "saddr"}}
    return _match(source, {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}})
