"""Bridge mappings: by which of its bridges a host reaches which physical network, as its operator wrote it down.

``external_ids:netloom-bridge-mappings`` of the Open_vSwitch row holds them, like ``physnet1:br-ex,physnet2:br-b``. What
cannot be is left out and told; everything else holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "netloom-bridge-mappings"
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Mappings:
    """Pairs of physical network and bridge that hold, and what is wrong with the others."""

    held: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()


def mappings(text: str, bridges: Mapping[str, str], ours: str) -> Mappings:
    """Return what ``text`` maps; ``bridges`` are the host's by name with their datapath types, ``ours`` is br-int."""
    held: dict[str, str] = {}
    problems: list[str] = []
    for item in (item.strip() for item in text.split(",") if item.strip()):
        name, _, bridge = item.partition(":")
        problem = next(_problems(item, bridges, ours, held), None)
        if problem is not None:
            problems.append(f"external_ids:{KEY}: {problem}")
        elif name not in held:
            held[name] = bridge
    return Mappings(tuple(held.items()), tuple(problems))


def _problems(item: str, bridges: Mapping[str, str], ours: str, held: Mapping[str, str]) -> Iterator[str]:
    """Why an item cannot hold beside those before it, the first cause first."""
    name, _, bridge = item.partition(":")
    twin = next((other for other, taken in held.items() if taken == bridge and other != name), None)
    if not name or not bridge or not name.isprintable() or len(name) > _LONGEST_NAME:
        yield f"{item[:80]!r} is not like physnet1:br-ex"
    if bridge == ours:
        yield f"{name} cannot be mapped to {ours} itself"
    if held.get(name, bridge) != bridge:
        yield f"{name} is mapped to {held[name]} already"
    if twin is not None:
        yield f"{name} and {twin} are both mapped to {bridge}"
    if bridge not in bridges:
        yield f"{name} is mapped to {bridge}, and there is no such bridge: ovs-vsctl add-br {bridge}"
    elif ours in bridges and bridges[bridge] != bridges[ours]:
        yield f"{bridge} is not of {ours}'s datapath: ovs-vsctl set bridge {bridge} datapath_type={bridges[ours]}"
