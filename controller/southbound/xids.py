"""Transaction ids that say by themselves what a message was about, so that an error about it needs no bookkeeping.

Messages that the switch answers only when it refuses them (meters, packets, flushes) carry these; what is answered in
any case (bundles, requests) counts up below them.
"""

from __future__ import annotations

from enum import IntEnum

_CONCERN_AT = 28
_NUMBER = (1 << _CONCERN_AT) - 1
COUNTED = 0x7FFFFFFF
"""The highest xid of what is counted."""
OPTION = 1
"""The number, among SETTINGS, of what maps the Geneve option; 0 is what a switch is to tell of its own accord."""


class Concern(IntEnum):
    """What a message asked for."""

    SETTINGS = 8
    PACKET_OUT = 9
    FLUSH = 10
    METER_ADD = 11
    METER_MODIFY = 12
    METER_DELETE = 13
    GROUP = 14
    COUNTS = 15

    @property
    def about_meters(self) -> bool:
        """Whether its number is a meter's."""
        return self in {Concern.METER_ADD, Concern.METER_MODIFY, Concern.METER_DELETE}

    def xid(self, number: int = 0) -> int:
        """The xid of such a message; of ``number`` the lowest 28 bits come back with an error."""
        return self << _CONCERN_AT | number & _NUMBER


def concern(xid: int) -> tuple[Concern, int] | None:
    """What the message of this xid asked for, and its number; None for one that is counted."""
    kind = xid >> _CONCERN_AT
    return (Concern(kind), xid & _NUMBER) if kind in {*Concern} else None
