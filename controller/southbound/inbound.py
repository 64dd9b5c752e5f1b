"""What a switch says that the framework is not to read: told apart by kind, read by who wrote what it answers."""

from __future__ import annotations

from controller.flow.codec import unpacked
from controller.southbound import beside, packets, wire

Received = wire.FlowReport | wire.BundleReply | wire.Refusal | packets.PacketIn | beside.Report | beside.Forwarded
KINDS = frozenset((wire.ERROR, wire.MULTIPART_REPLY, wire.BUNDLE_CONTROL, packets.PACKET_IN, beside.REQUEST_FORWARD))
"""The types of messages among which there are ours."""


def received(message: bytes) -> Received | None:
    """What a switch's message means to us; None for the framework's own. Raises ValueError where it is truncated."""
    _, kind, length, _ = unpacked("!BBHI", message)
    if length != len(message):
        raise ValueError("truncated message")
    match kind:
        case wire.BUNDLE_CONTROL:
            return wire.bundle_reply(message)
        case wire.ERROR:
            return wire.refusal(message)
        case packets.PACKET_IN:
            return packets.packet_in(message)
        case beside.REQUEST_FORWARD:
            return beside.Forwarded()
        case wire.MULTIPART_REPLY:
            return _part(message)
    return None


def _part(message: bytes) -> Received | None:
    match unpacked("!H", message, 8)[0]:
        case wire.FLOW_MONITOR:
            return wire.flow_report(message)
        case beside.METER_CONFIG:
            return beside.meters_report(message)
        case beside.GROUP_DESC:
            return beside.groups_report(message)
    return None
