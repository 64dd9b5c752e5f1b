"""What ports have counted, asked of a switch and read from what it says."""

from __future__ import annotations

import struct
import threading

import pytest

from controller.southbound import inbound, wire
from controller.southbound.flow_counts import CountsReport, FlowCounts
from controller.southbound.port_counts import PORT_STATS, PortCount, ports_request

UNKNOWN = (1 << 64) - 1
ETHERNET = struct.pack("!HH36x", 0, 40)


def entry(port: int, received: int, sent: int, properties: bytes = b"") -> bytes:
    length = 80 + len(properties)
    return struct.pack("!H2xIIIQQQQ32x", length, port, 7, 500_000_000, 1, 2, received, sent) + properties


def message(xid: int, body: bytes) -> bytes:
    head = (wire.VERSION, wire.MULTIPART_REPLY, 16 + len(body), xid, PORT_STATS, 0)
    return struct.pack("!BBHIHH4x", *head) + body


def test_the_counts_of_all_ports_that_count_are_read() -> None:
    body = entry(1, 100, 200, ETHERNET) + entry(2, UNKNOWN, 5) + entry(3, 7, 8)
    told = inbound.received(message(9, body))
    assert told == CountsReport(9, (PortCount(1, 7.5, 100, 200), PortCount(3, 7.5, 7, 8)), more=False)


@pytest.mark.parametrize("body", [entry(1, 1, 1)[:79], struct.pack("!H78x", 79), struct.pack("!H78x", 0)])
def test_truncated_counts_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="truncated"):
        inbound.received(message(9, body))


def test_who_asks_gets_them() -> None:
    class Line:
        """A switch that answers in a thread of its own."""

        counts: FlowCounts

        def offer(self, data: bytes) -> bool:
            (xid,) = struct.unpack_from("!I", data, 4)
            assert data == ports_request(xid)
            threading.Thread(target=self.say, args=(xid,)).start()
            return True

        def say(self, xid: int) -> None:
            told = inbound.received(message(xid, entry(1, 100, 200)))
            assert told is not None
            assert self.counts.received(told)

    line = Line()
    line.counts = FlowCounts({"s1": line}.get)  # type: ignore[arg-type]  # what it uses of a connection
    assert line.counts.ports("s1") == (PortCount(1, 7.5, 100, 200),)
