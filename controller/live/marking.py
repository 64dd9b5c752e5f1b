"""Marks on connections that live: the frame by which a switch is made to mark exactly one of them.

It is an ICMP error about the connection: a switch takes it as related to that and to no other, whatever its protocol
and however far its sequence numbers have come, and it changes nothing of the connection's state. It goes nowhere.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.addresses import octets
from controller.flow.tracking import ct
from controller.live.connections import CUT
from controller.live.touched import lasting
from controller.policy.values import ICMP, ICMPV6
from controller.services import frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.compiler.past import Reading
    from controller.flow.actions import Action
    from controller.live.connections import Connection

REMEMBERED = 10_000
_MACS = ("02:6e:6c:00:00:01", "02:6e:6c:00:00:02")
_UNREACHABLE, _UNREACHABLE6 = b"\x03\x01" + bytes(6), b"\x01\x00" + bytes(6)
_TCP_HEADER = 20


@dataclass(frozen=True, slots=True)
class Hands:
    """What cutting acts through.

    ``emit`` has a chassis' switch take a frame and is False where it cannot now; ``late`` waits until chassis have what
    was compiled, for seconds, and gives those that have not; ``present`` says whether a switch is there; ``after``
    calls something when the change that is being compiled is on its way; ``moved`` has those look again who wait for a
    change to be carried out; ``publish`` tells an event (type, subject, detail).
    """

    emit: Callable[[str, bytes, tuple[Action, ...]], bool]
    publish: Callable[[str, str, dict[str, object]], None]
    late: Callable[[frozenset[str], float], frozenset[str]]
    present: Callable[[str], bool]
    after: Callable[[Callable[[], None]], None]
    moved: Callable[[], None]
    sleep: Callable[[float], None]


class Marks:
    """The connections that were cut, as many as are remembered: those that may begin again are given back."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._cut: OrderedDict[tuple[str, int, str], Connection] = OrderedDict()

    @property
    def some(self) -> bool:
        """Whether there are any."""
        return bool(self._cut)

    def cut(self, one: Connection) -> bool:
        """Cut a connection; False where its switch is away."""
        self._cut[one.chassis, one.zone, one.number] = one
        if len(self._cut) > REMEMBERED:
            self._cut.popitem(last=False)
        return self._mark(one, one.mark & ~(CUT - 1) | CUT)

    def restore(self, after: Reading) -> None:
        """What may begin again goes on, if its ends still try."""
        for one in tuple(lasting(after, self._cut.values())):
            del self._cut[one.chassis, one.zone, one.number]
            self._mark(one, one.mark)

    def _mark(self, one: Connection, mark: int) -> bool:
        frame, actions = marking(one, mark)
        while self._hands.present(one.chassis):
            if self._hands.emit(one.chassis, frame, actions):
                return True
            self._hands.sleep(0)
        return False


def marking(found: Connection, mark: int) -> tuple[bytes, tuple[Action, ...]]:
    """A frame, and the actions that give the connection a mark when the switch of its chassis takes them."""
    message = (_UNREACHABLE6 if ":" in found.source else _UNREACHABLE) + _first(found)
    frame = frames.icmp_frame(_MACS, (found.target, found.source), message)
    return frame, (ct(found.zone, commit=True, mark=mark),)


def _first(found: Connection) -> bytes:
    """As much of the connection's first packet as an error quotes."""
    if found.protocol in {ICMP, ICMPV6}:
        rest = struct.pack("!BBHHH", found.target_port >> 8, found.target_port & 0xFF, 0, found.identifier, 0)
    else:
        rest = struct.pack("!HH", found.source_port, found.target_port).ljust(_TCP_HEADER, b"\0")
    ends = octets(found.source) + octets(found.target)
    if ":" in found.source:
        return struct.pack("!IHBB", 6 << 28, len(rest), found.protocol, frames.LIMIT) + ends + rest
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(rest), 0, 0, frames.LIMIT, found.protocol, 0)
    return head + ends + rest
