"""The framework's own way to change flows, as its sample applications go it: one object and one message for each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from controller.southbound import wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.flow.flow import Flow
    from controller.southbound.framework import Connection

FLOWS = 10_000


def send(connection: Connection | None, flows: Sequence[Flow]) -> float:
    """Build and send ``OFPFlowMod`` objects for the flows; when that began, by ``time.monotonic``.

    What the objects are made from, field names with values and instructions, is there before the clock starts.
    """
    datapath: Any = getattr(connection, "_datapath")  # noqa: B009 - the framework's own object, which nobody else needs
    parser = datapath.ofproto_parser
    known = [(flow, *_ingredients(parser, datapath, flow)) for flow in flows]
    started = time.monotonic()
    for flow, fields, instructions in known:
        message = parser.OFPFlowMod(
            datapath,
            cookie=flow.cookie,
            table_id=flow.table,
            priority=flow.priority,
            match=parser.OFPMatch(**fields),
            instructions=instructions,
        )
        datapath.send_msg(message)
    return started


def _ingredients(parser: Any, datapath: Any, flow: Flow) -> tuple[dict[str, Any], list[Any]]:
    """The framework's names and values for a flow's match, and its instruction objects."""
    data = wire.flow_mod(flow, 0)
    length = int.from_bytes(data[2:4], "big")
    parsed = parser.OFPFlowMod.parser(datapath, wire.VERSION, wire.FLOW_MOD, length, 0, data)
    return dict(parsed.match.items()), parsed.instructions
