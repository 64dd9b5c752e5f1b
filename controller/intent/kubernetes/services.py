"""Ports as Kubernetes' policies name them: numbers, ranges, or names that each receiving pod gives ports of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from controller.policy.values import SCTP, TCP, UDP, Range, Service

if TYPE_CHECKING:
    from collections.abc import Iterable

Protocol: TypeAlias = Literal["TCP", "UDP", "SCTP"]
_NUMBERS: dict[Protocol, int] = {"TCP": TCP, "UDP": UDP, "SCTP": SCTP}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One entry of a rule's ports; without ``ports`` and ``name`` every port of the protocol."""

    protocol: Protocol | None
    ports: Range | None = None
    name: str | None = None


def services(spoken: Iterable[Spoken]) -> tuple[Service, ...]:
    """All that is spoken of, at most one service of each protocol with numbers and one with names.

    A name of no protocol stands for whichever protocol the receiver gives it.
    """
    found = list(spoken)
    return tuple(
        service
        for protocol, number in _NUMBERS.items()
        for service in _of(number, [one for one in found if one.protocol in (None, protocol)])
    )


def _of(number: int, spoken: list[Spoken]) -> Iterable[Service]:
    if any(one.ports is None and one.name is None for one in spoken):
        yield Service(number)
        return
    ranges = tuple(sorted({one.ports for one in spoken if one.ports is not None}))
    names = tuple(sorted({one.name for one in spoken if one.name is not None}))
    if ranges:
        yield Service(number, ports=ranges)
    if names:
        yield Service(number, names=names)
