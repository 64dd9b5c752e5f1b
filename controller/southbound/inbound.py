"""What a switch says that the framework is not to read: told apart by kind, read by who wrote what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.flow.codec import unpacked
from controller.southbound import beside, flow_counts, options, packets, port_counts, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Received = (
    wire.FlowReport
    | wire.BundleReply
    | wire.Refusal
    | packets.PacketIn
    | beside.Report
    | beside.Forwarded
    | flow_counts.CountsReport
)


def received(message: bytes) -> Received | None:
    """What a switch's message means to us; None for the framework's own. Raises ValueError where it is truncated."""
    _, kind, length, _ = unpacked("!BBHI", message)
    if length != len(message):
        raise ValueError("truncated message")
    read = _READERS.get(kind)
    return read(message) if read is not None else None


def _part(message: bytes) -> Received | None:
    read = _PARTS.get(unpacked("!H", message, 8)[0])
    return read(message) if read is not None else None


def _forwarded(_message: bytes) -> Received:
    return beside.Forwarded()


_READERS: Mapping[int, Callable[[bytes], Received | None]] = {
    wire.BUNDLE_CONTROL: wire.bundle_reply,
    wire.ERROR: wire.refusal,
    wire.MULTIPART_REPLY: _part,
    flow_counts.ECHO_REPLY: flow_counts.echo_report,
    packets.PACKET_IN: packets.packet_in,
    beside.REQUEST_FORWARD: _forwarded,
    options.EXPERIMENTER: options.options_report,
}
_PARTS: Mapping[int, Callable[[bytes], Received]] = {
    wire.FLOW_MONITOR: wire.flow_report,
    beside.METER_CONFIG: beside.meters_report,
    beside.GROUP_DESC: beside.groups_report,
    flow_counts.FLOW_DESC: flow_counts.counts_report,
    port_counts.PORT_STATS: flow_counts.ports_report,
}
KINDS = frozenset(_READERS)
"""The types of messages among which there are ours."""
