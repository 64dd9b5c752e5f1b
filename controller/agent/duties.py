"""Duties: what the host's database says that an interface needs of the kernel, parsed or refused with the reason."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ovsdb import own_ports

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORWARD = re.compile(r"(?P<protocol>tcp|udp):(?P<first>\d{1,5})(-(?P<last>\d{1,5}))?:(?P<to>[0-9a-f:.]+)")
_HIGHEST_PORT = 0xFFFF
_MOST_ADDRESSES = 256


@dataclass(frozen=True, slots=True)
class Forward:
    """Ports of the host's own addresses that lead to an address on its link."""

    protocol: str
    first: int
    last: int
    to: str


@dataclass(frozen=True, slots=True)
class Duty:
    """What an interface of ours needs: ``addresses`` like ``10.1.0.1/24``; ``link``: the host translates for it.

    ``made``: Open vSwitch says that the interface is there. ``trouble`` is why the duty cannot be understood, or "".
    """

    interface: str
    addresses: tuple[str, ...] = ()
    link: bool = False
    forwards: tuple[Forward, ...] = ()
    made: bool = True
    trouble: str = ""


def duty(name: str, external_ids: Mapping[str, str], *, made: bool) -> Duty | None:
    """Return what an interface asks of the host; None where it asks nothing."""
    if own_ports.ADDRESSES not in external_ids or own_ports.NAME.fullmatch(name) is None:
        return None
    link = external_ids.get(own_ports.LINK) == "true"
    try:
        addresses = _addresses(external_ids[own_ports.ADDRESSES])
        forwards = tuple(_forward(text) for text in external_ids.get(own_ports.FORWARDS, "").split()) if link else ()
    except ValueError as error:
        return Duty(name, link=link, made=made, trouble=str(error))
    return Duty(name, addresses, link, forwards, made)


def _addresses(text: str) -> tuple[str, ...]:
    found = text.split()
    if len(found) > _MOST_ADDRESSES:
        raise ValueError(f"external_ids:{own_ports.ADDRESSES} holds more than {_MOST_ADDRESSES} addresses")
    return tuple(dict.fromkeys(str(ipaddress.ip_interface(address)) for address in found))


def _forward(text: str) -> Forward:
    match = _FORWARD.fullmatch(text)
    first, last = (int(match["first"]), int(match["last"] or match["first"])) if match else (0, 0)
    if match is None or not 0 < first <= last <= _HIGHEST_PORT:
        raise ValueError(f"external_ids:{own_ports.FORWARDS}: {text[:80]!r} is not like tcp:8080:169.254.64.7")
    return Forward(match["protocol"], first, last, str(ipaddress.ip_address(match["to"])))
