"""The Geneve option that carries the sender's identity from chassis to chassis, and which field a bridge has it in.

A bridge knows no option by itself: it is told that this one is ``TUN_METADATA0``, before it may take a flow that names
that field, and remembers it for as long as ovs-vswitchd runs. Options that others mapped are left alone. Messages: Open
vSwitch's NXT_TLV_TABLE_REQUEST, _REPLY and _MOD (its ``nicira-ext.h``; ``ovs-ofctl(8)``, ``add-tlv-map``).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from controller.flow.actions import Copy, SetField
from controller.flow.codec import Term, flow_actions, match_terms, unpacked
from controller.flow.fields import TUN_METADATA0
from controller.southbound.beside import Option, Report
from controller.southbound.wire import VERSION
from controller.southbound.xids import OPTION, Concern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow

EXPERIMENTER, NICIRA = 4, 0x00002320
TABLE_MOD, TABLE_REQUEST, TABLE_REPLY = 24, 25, 26
_ADD = 0
_FIRST, _SIZE = 32, 8
_HEADERS = tuple(TUN_METADATA0.header(masked=masked) for masked in (False, True))


IDENTITY = Option(0x6E6C, 0x01, 4)
"""Its class is ``nl`` in ASCII."""


def options_request(xid: int) -> bytes:
    """Ask for every option that is mapped."""
    return _message(xid, TABLE_REQUEST, b"")


def identity_mapping() -> bytes:
    """Have the bridge map ours; it answers only where it will not."""
    body = struct.pack("!H6xHBBH2x", _ADD, IDENTITY.option_class, IDENTITY.kind, IDENTITY.length, IDENTITY.field)
    return _message(Concern.SETTINGS.xid(OPTION), TABLE_MOD, body)


def options_report(message: bytes) -> Report | None:
    """Read the answer to ``options_request``; None for another experimenter's message. ValueError where truncated."""
    xid, experimenter, kind = unpacked("!III", message, 4)
    if (experimenter, kind) != (NICIRA, TABLE_REPLY):
        return None
    return Report(xid, tuple(_options(message)), more=False)


def _options(message: bytes) -> Iterator[Option]:
    for at in range(_FIRST, len(message), _SIZE):
        yield Option(*unpacked("!HBBH2x", message, at))


def rival(found: Iterable[Option]) -> Option | None:
    """What somebody else mapped in place of our option, or ours elsewhere; None where nothing is in its way."""
    ours = (IDENTITY.option_class, IDENTITY.kind)
    close = (one for one in found if one.field == IDENTITY.field or (one.option_class, one.kind) == ours)
    return next((one for one in close if one != IDENTITY), None)


def carries_identity(flow: Flow) -> bool:
    """Whether a flow reads or writes the option; for most that is a search of its bytes."""
    if not any(header in flow.match or header in flow.instructions for header in _HEADERS):
        return False
    fields = [term.field for term in match_terms(flow.match) if isinstance(term, Term)]
    for action in flow_actions(flow.instructions):
        match action:
            case SetField(field=target):
                fields.append(target)
            case Copy(source=source, target=target):
                fields += (source, target)
    return TUN_METADATA0 in fields


def _message(xid: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBHIII", VERSION, EXPERIMENTER, 16 + len(body), xid, NICIRA, kind) + body
