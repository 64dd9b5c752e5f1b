"""Telling: crowds, services and packets as plain JSON values that people can read, exact and bounded in length."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import summarize_address_range
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from controller.policy.differences import Ours
from controller.policy.services import WHOLE
from controller.policy.values import ICMP, ICMPV6, PROTOCOL_NAMES, WITH_PORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from controller.policy.derived import Identity
    from controller.policy.differences import Crowd
    from controller.policy.gates import Span
    from controller.policy.reach import Reach
    from controller.policy.services import Services, Strip, Strips
    from controller.policy.values import Range
    from controller.policy.verdict import Conversation

Json = dict[str, Any]
NAMES, BLOCKS = 5, 16
"""How many ports, and how many blocks, are named of many."""


@dataclass(frozen=True, slots=True)
class End:
    """Who stands at one end of a row, all of one ``project``; "" for strangers.

    ``traits`` are what all of them have in common.
    """

    project: str
    traits: tuple[tuple[str, Any], ...]
    ports: tuple[str, ...]
    spans: tuple[Span, ...] = ()

    def told(self, reads: Callable[[str], bool]) -> Json:
        """What who may read some projects only is told of it."""
        if not self.project:
            blocks = list(islice(chain.from_iterable(map(_blocks, self.spans)), BLOCKS + 1))
            return {"outside": blocks[:BLOCKS], "more": len(blocks) > BLOCKS}
        if not reads(self.project):
            return {"project": None}
        traits = {name: dict(value) if name == "labels" else list(value) for name, value in self.traits}
        return {"project": self.project, **traits, "ports": len(self.ports), "names": list(self.ports[:NAMES])}


def end(crowds: Collection[Crowd], before: Reach, after: Reach) -> End:
    """Crowds of one project, or of strangers, as one."""
    ports = {port for crowd in crowds if isinstance(crowd, Ours) for port in crowd.ports}
    spans = {span for crowd in crowds if not isinstance(crowd, Ours) for span in crowd.spans}
    identities = known(crowds, before, after)
    traits = (
        ("networks", tuple(sorted({one.network for one in identities}))),
        ("labels", _shared([one.labels for one in identities])),
        ("groups", _shared([one.groups for one in identities])),
    )
    project = identities[-1].project if identities else ""
    return End(project, traits, tuple(sorted(ports)), tuple(sorted(spans)))


def known(crowds: Iterable[Crowd], before: Reach, after: Reach) -> list[Identity]:
    """The identities of those crowds that are ours, as they are now or were."""
    ours = [crowd.identity for crowd in crowds if isinstance(crowd, Ours)]
    return [one for key in ours if (one := after.identity(key) or before.identity(key)) is not None]


def _shared(found: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """What all have, sorted."""
    return tuple(sorted(set.intersection(*map(set, found)))) if found else ()


def services_told(services: Services) -> list[Json]:
    """A set of services; of one that holds all protocols but some, those are told by what of them is in it."""
    listed = [told for number, strips in services.protocols for told in _protocol(number, strips)]
    if not services.others:
        return listed
    names = [_word(number) for number, _ in services.protocols]
    return [{"protocol": "any", **({"but": names} if names else {})}, *listed]


def row_told(source: Json, target: Json, services: Services, family: int) -> Json:
    """From whom to whom what; and over which IP, where it is not the same over both."""
    told: Json = {"from": source, "to": target, "services": services_told(services)}
    return told | {"family": f"IPv{family}"} if family else told


def _protocol(number: int, strips: Strips) -> Iterator[Json]:
    if strips == WHOLE:
        yield {"protocol": _word(number)}
        return
    by_sources: dict[tuple[Range, ...], list[Strip]] = {}
    for strip in strips:
        by_sources.setdefault(strip[2], []).append(strip)
    for sources, same in by_sources.items():
        told: Json = {"protocol": _word(number)}
        if number in {ICMP, ICMPV6}:
            told["types"] = [_types(first, last) for first, last, _ in same]
        elif same != [(WHOLE[0][0], WHOLE[0][1], sources)]:
            told["ports"] = [_range(first, last) for first, last, _ in same]
        if sources != WHOLE[0][2]:
            told["source_ports"] = [_range(*one) for one in sources]
        yield told


def _word(number: int) -> str | int:
    return PROTOCOL_NAMES.get(number, number)


def _range(first: int, last: int) -> int | str:
    return first if first == last else f"{first}-{last}"


def _types(first: int, last: int) -> int | str:
    """Types, or ``type/code`` where not all codes are meant."""
    if not first & 0xFF and last & 0xFF == 0xFF:  # noqa: PLR2004 - all codes of the types
        return _range(first >> 8, last >> 8)
    ends = [f"{number >> 8}/{number & 0xFF}" for number in (first, last)]
    return ends[0] if first == last else "-".join(ends)


def packet_told(packet: Conversation, reads: Callable[[str], bool]) -> Json:
    """A packet; ports of projects that may not be read are not named."""
    told: Json = {"protocol": _word(packet.protocol), "source": packet.source, "target": packet.target}
    for word, port in (("from", packet.sender), ("to", packet.receiver)):
        if port is not None:
            told[word] = port if reads(port.partition("/")[0]) else None
    if packet.protocol in WITH_PORTS:
        told |= {"source_port": packet.source_port, "target_port": packet.target_port}
    elif packet.protocol in {ICMP, ICMPV6}:
        told |= {"type": packet.target_port >> 8, "code": packet.target_port & 0xFF}
    return told


def sentence(packet: Json) -> str:
    """A told packet in words."""
    service = f"{packet['protocol']}"
    if "target_port" in packet:
        service += f" from port {packet['source_port']} to port {packet['target_port']}"
    elif "type" in packet:
        service += f" type {packet['type']} code {packet['code']}"
    ends = [
        f"{packet[word] or 'a port of others'} ({address})" if word in packet else str(address)
        for word, address in (("from", packet["source"]), ("to", packet["target"]))
    ]
    return f"{service}, from {ends[0]} to {ends[1]},"


def _blocks(span: Span) -> Iterator[str]:
    return map(str, summarize_address_range(*span.ends))
