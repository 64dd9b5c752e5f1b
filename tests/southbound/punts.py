"""For tests: a packet that a switch hands over; features that hand over packets or copies, or pick one of two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registry
from controller.compiler.compiler import Rules
from controller.compiler.engine import Feature
from controller.derived import Endpoint
from controller.flow.actions import CONTROLLER_RESERVED, instructions, meter, output, set_field, to_controller
from controller.flow.fields import IN_PORT, REGS
from controller.flow.flow import Flow, Here, cookie, encoded_match
from controller.flow.groups import Bucket, failover, group
from controller.flow.meters import log_meter, punt_meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View

PLACE, COPIED, WAYS = (250, 77), (251, 77), (252, 77)
TWO_WAYS = tuple(failover((Bucket(port, (output(port),)), Bucket(9, (output(9),)))) for port in (7, 8))
FRAME = bytes.fromhex("ffffffffffff 020000000001 1234") + b"hello" * 10
PUNTED = (
    bytes.fromhex(
        "060a00ca 00000000 ffffffff 00400101 0000000000000099 0001 0070"
        "80000004 00000001"  # in_port
        "80010110 00000077 00000000 ffffffff 00000000"  # reg0
        "80010310 00000000 00000005 00000000 ffffffff"  # reg3
        "80010b10 00000009 00000000 ffffffff 00000000"  # reg10
        "80010d10 fe800000 00000000 ffffffff 00000000"  # reg12, the first of xxreg3
        "80010f10 00000000 00000001 00000000 ffffffff"  # reg15, the last of it
        "0000"
    )
    + FRAME
)
"""What Open vSwitch 3.1 says of a packet whose flow wrote registers 0, 3, 10 and the last four."""


def punts(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """One flow a port."""
    match = encoded_match({IN_PORT: endpoint.ofport})
    does = instructions((meter(punt_meter(endpoint.ofport)), output(CONTROLLER_RESERVED)))
    yield Flow(Here(endpoint.chassis), *PLACE, match, does, cookie(*PLACE, match, does))


def copies(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """One flow a port, of which two and two share a meter."""
    match = encoded_match({IN_PORT: endpoint.ofport})
    does = instructions((set_field(REGS[10], 12), to_controller(log_meter(endpoint.ofport // 2))))
    yield Flow(Here(endpoint.chassis), *COPIED, match, does, cookie(*COPIED, match, does))


def ways(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """One flow a port, of which some have one group."""
    match, over = encoded_match({IN_PORT: endpoint.ofport}), TWO_WAYS[endpoint.ofport % len(TWO_WAYS)]
    does = instructions((group(over),))
    yield Flow(Here(endpoint.chassis), *WAYS, match, does, cookie(*WAYS, match, does), (over,))


_FEATURES = (
    Feature("test.punts", Endpoint, punts),
    Feature("test.copies", Endpoint, copies),
    Feature("test.ways", Endpoint, ways),
)
RULES = Rules(registry.INDEXES, registry.RELATIONS, (*registry.FEATURES, *_FEATURES))
