"""A TCP stream of small records, one a millisecond, that measures the longest silence at its receiver.

Run as ``stream.py receive ADDRESS PORT`` and ``stream.py send ADDRESS PORT`` until SIGTERM. The sender's last record
says how many segments its kernel had to send again. A record is the number of the record, eight bytes.
"""

import signal
import socket
import struct
import sys
import time

RECORD = struct.Struct("!q")
INTERVAL = 0.001
TOTAL_RETRANS = struct.Struct("=100xI")  # tcpi_total_retrans of struct tcp_info, linux/tcp.h


def send(address: str, port: int) -> None:
    """Send a record every millisecond until told to end, then minus the number of retransmissions, less one."""
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    with socket.create_connection((address, port), 10) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = 0
        due = time.monotonic()
        while going:
            stream.sendall(RECORD.pack(number))
            number += 1
            due += INTERVAL
            time.sleep(max(0.0, due - time.monotonic()))
        information = stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        stream.sendall(RECORD.pack(-1 - TOTAL_RETRANS.unpack(information)[0]))


def receive(address: str, port: int) -> None:
    """Take one stream to its end; raises if a record is missing or out of place."""
    with socket.create_server((address, port)) as server:
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
    print(f"records {expected} retransmitted {-1 - number} gap {longest * 1000:.1f}", flush=True)


if __name__ == "__main__":
    {"send": send, "receive": receive}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
