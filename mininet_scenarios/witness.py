"""A server that says who it is and whom it saw: over HTTP, and to any datagram.

Run as ``witness.py NAME PORT...``; each port is served by TCP and UDP, IPv4 and IPv6. The answer is a line such as
``server saw 192.0.2.10 40001``; the path ``/port`` is answered with ``server served 8080``.
"""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Both versions of IP on one socket."""

    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 128


class Witness(BaseHTTPRequestHandler):
    """Answers every GET; who speaks HTTP/1.1 may ask again on the same connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say whom it saw, or at which port it serves."""
        body = sentence(*self.client_address[:2])
        if self.path == "/port":
            body = f"{sys.argv[1]} served {self.connection.getsockname()[1]}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def sentence(address: str, port: int) -> bytes:
    """The answer; an IPv4 address comes mapped into IPv6."""
    return f"{sys.argv[1]} saw {address.removeprefix('::ffff:')} {port}\n".encode()


def answer_datagrams(port: int) -> None:
    """Answer each datagram where it came from, from the address that it was sent to."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as here:
        here.bind(("::", port))
        while True:
            _, peer = here.recvfrom(65536)
            here.sendto(sentence(*peer[:2]), peer)


if __name__ == "__main__":
    ports = [int(port) for port in sys.argv[2:]]
    servers = [Server(("::", port), Witness) for port in ports]
    for port in ports:
        threading.Thread(target=answer_datagrams, args=(port,), daemon=True).start()
    print("listening", flush=True)
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
