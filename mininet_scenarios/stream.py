"""A TCP stream of small records, one a millisecond, that measures the longest silence at its receiver.

Run as ``stream.py receive PORT`` and ``stream.py send ADDRESS PORT`` until SIGTERM. A record is its number,
eight bytes; the sender's last says how many segments its kernel sent again once the connection stood. Those that came
twice (a kernel that hears nothing for some milliseconds sends the last one again, to see) were not lost: the receiver's
counts them, RFC 2883. What it took to connect does not count: Open vSwitch in userspace gives up the first packet to a
host whose MAC address it has yet to ask for.
"""

import signal
import socket
import struct
import sys
import time
from pathlib import Path

RECORD = struct.Struct("!q")
INTERVAL = 0.001
TOTAL_RETRANS = struct.Struct("=100xI")  # tcpi_total_retrans of struct tcp_info, linux/tcp.h


def send(address: str, port: int) -> None:
    """Send a record every millisecond until told to end, then minus the number of retransmissions, less one."""
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    with socket.create_connection((address, port), 10) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connecting = sent_again(stream)
        number = 0
        due = time.monotonic()
        while going:
            stream.sendall(RECORD.pack(number))
            number += 1
            due += INTERVAL
            time.sleep(max(0.0, due - time.monotonic()))
        stream.sendall(RECORD.pack(-1 - (sent_again(stream) - connecting)))


def sent_again(stream: socket.socket) -> int:
    """How many segments the kernel has sent again on a connection so far, those that opened it too."""
    (total,) = TOTAL_RETRANS.unpack(stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS.size))
    return int(total)


def receive(port: int) -> None:
    """Take one stream, over either version of IP, to its end; raises if a record is missing or out of place."""
    twice_before = came_twice()
    with socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        print("listening yes", flush=True)
        stream = server.accept()[0]
    with stream, stream.makefile("rb") as records:
        expected, longest, last = 0, 0.0, time.monotonic()
        while True:
            (number,) = RECORD.unpack(records.read(RECORD.size))
            now = time.monotonic()
            if number < 0:
                break
            if number != expected:
                raise ValueError(f"record {number} where {expected} was due")
            longest = max(longest, now - last) if expected else 0.0
            expected, last = expected + 1, now
            if expected == 100:
                print("flowing yes", flush=True)
    lost = max(0, -1 - number - (came_twice() - twice_before))
    print(f"records {expected} lost {lost} gap {longest * 1000:.1f}", flush=True)


def came_twice() -> int:
    """How many segments this namespace has received twice, by what its kernel told their senders."""
    lines = Path("/proc/net/netstat").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith("TcpExt:"))
    counters = dict(zip(names[1:], map(int, values[1:]), strict=True))
    return counters["TCPDSACKOldSent"] + counters["TCPDSACKOfoSent"]


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        receive(int(sys.argv[2]))
    else:
        send(sys.argv[2], int(sys.argv[3]))
