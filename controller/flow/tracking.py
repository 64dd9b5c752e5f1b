"""Connection tracking: which connection a packet is of, and how its addresses are translated (ovs-actions(7), ``ct``).

A zone's connections are its own. A packet that was committed in a zone is recognised there, and so is what answers it;
a translation that was committed is done to every later packet of the connection, and undone to the answers, wherever
``ct`` says ``nat``.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from controller.errors import Bug
from controller.flow import openflow as of
from controller.flow.fields import CACHED, CT_MARK, Field, encoded

Kind = Literal["snat", "dnat"]

NEW, EST, REL, RPL, INV, TRK, SNAT, DNAT = (1 << bit for bit in range(8))
"""Bits of ``CT_STATE``: of a connection not yet committed, of one that is, related to one, an answer, neither here nor
there, tracked at all; and whose source or destination was translated."""
STATES = {"new": NEW, "est": EST, "rel": REL, "rpl": RPL, "inv": INV, "trk": TRK, "snat": SNAT, "dnat": DNAT}
FTP = 21
"""``alg`` for File Transfer Protocol: its data connections are related to the one that names them."""

COMMIT, NO_TABLE = 1, 0xFF
"""The flag of a ``ct`` that commits, and the table of one after which the packet does not go on."""
LENGTH, NAT_LENGTH = 24, 16
"""Bytes of a ``ct`` before what is inside, and of a ``nat`` before the ends of its ranges."""
KINDS: dict[Kind | None, int] = {None: 0, "snat": 1, "dnat": 2}
V4_LOW, V4_HIGH, V6_LOW, V6_HIGH, PORT_LOW, PORT_HIGH = (1 << bit for bit in range(6))
ENDS = {V4_LOW: "4s", V4_HIGH: "4s", V6_LOW: "16s", V6_HIGH: "16s", PORT_LOW: "!H", PORT_HIGH: "!H"}
"""The ends of ranges that a ``nat`` may hold, in the order in which they stand, and how each is written."""
ADDRESSES = ((V4_LOW, V6_LOW), (V4_HIGH, V6_HIGH))
ZONE_BITS = 16
"""Of a register that holds a zone the lowest count."""


@dataclass(frozen=True, slots=True)
class Nat:
    """A new source or destination, from ``low`` to ``high`` and with a port of ``ports``.

    Without a kind: whatever the connection was committed with, done or undone.
    """

    kind: Kind | None
    low: str | None = None
    high: str | None = None
    ports: tuple[int, int] | None = None


UNDO = Nat(None)


@dataclass(frozen=True, slots=True)
class Ct:
    """Look the packet's connection up, or commit it; go on in ``table`` with what was found, where one is given.

    The zone, and the mark that the connection gets, may be what a register holds then. Without a table the flow itself
    goes on, as if nothing had been looked up.
    """

    zone: int | Field
    table: int | None
    commit: bool
    nat: Nat | None
    mark: int | Field | None
    alg: int | None
    wire: bytes


@lru_cache(CACHED)
def ct(
    zone: int | Field,
    *,
    table: int | None = None,
    commit: bool = False,
    nat: Nat | None = None,
    mark: int | Field | None = None,
    alg: int | None = None,
) -> Ct:
    """NXAST_CT. ``Bug`` where something is to be remembered of a connection that is not committed."""
    wrong = flaw(nat, commit=commit, remembers=mark is not None or alg is not None)
    if wrong:
        raise Bug(f"ct(zone={zone}) {wrong}")
    inside = (b"" if nat is None else _nat(nat)) + (b"" if mark is None else _mark(mark))
    fixed = struct.pack("!HHIHH", of.EXPERIMENTER, LENGTH + len(inside), of.NICIRA, of.CT, commit * COMMIT)
    rest = _zone(zone) + struct.pack("!B3xH", NO_TABLE if table is None else table, alg or 0)
    return Ct(zone, table, commit, nat, mark, alg or None, fixed + rest + inside)


def flaw(nat: Nat | None, *, commit: bool, remembers: bool) -> str | None:
    """Why such a ``ct`` means nothing; None where it means something."""
    if not commit and (remembers or (nat is not None and nat.kind)):
        return "remembers what it does not commit"
    if nat is None or (nat.kind and nat.low):
        return None
    return "translates to no address" if nat.low or nat.high or nat.ports else None


def _zone(zone: int | Field) -> bytes:
    """The register that holds the zone, and which bits of it, or the zone itself."""
    return (
        zone.header(masked=False) + struct.pack("!H", ZONE_BITS - 1)
        if isinstance(zone, Field)
        else struct.pack("!IH", 0, zone)
    )


def _mark(mark: int | Field) -> bytes:
    """The one action that stands inside: OFPAT_COPY_FIELD of a register, or OFPAT_SET_FIELD."""
    if isinstance(mark, Field):
        oxms = mark.header(masked=False) + CT_MARK.header(masked=False)
        return struct.pack("!HHHHH2x", of.COPY_FIELD, 24, CT_MARK.bits, 0, 0) + oxms + bytes(4)
    return struct.pack("!HH", of.SET_FIELD, 16) + encoded(CT_MARK, mark) + bytes(4)


def _nat(nat: Nat) -> bytes:
    """NXAST_NAT; each present end of a range in the order of its bit."""
    present, ends = 0, b""
    low_bit, high_bit = (V6_LOW, V6_HIGH) if ":" in (nat.low or "") else (V4_LOW, V4_HIGH)
    for bit, address in ((low_bit, nat.low), (high_bit, nat.high)):
        if address is not None:
            present, ends = present | bit, ends + ipaddress.ip_address(address).packed
    if nat.ports is not None:
        low, high = nat.ports
        present, ends = present | PORT_LOW, ends + struct.pack("!H", low)
        if high != low:
            present, ends = present | PORT_HIGH, ends + struct.pack("!H", high)
    length = (NAT_LENGTH + len(ends) + 7) // 8 * 8
    head = struct.pack("!HHIH2xHH", of.EXPERIMENTER, length, of.NICIRA, of.NAT, KINDS[nat.kind], present)
    return head + ends + bytes(length - NAT_LENGTH - len(ends))
