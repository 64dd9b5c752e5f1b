"""A peer on the OVSDB port: a database server (the daemon is the client) whose rows a test makes up."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any, Self

DECODER = json.JSONDecoder()
BRIDGE, PORT, INTERFACE, SYSTEM = (f"{number:08x}-0000-4000-8000-000000000000" for number in range(4))


def rows(name: Any = "evil", dpid: Any = "00000000000000ee", **interface: Any) -> dict[str, Any]:
    """A host with br-int and one interface; keywords are the interface's columns."""
    plugged = {"name": "tap0", "type": "", "ofport": 5, "external_ids": ["map", []], **interface}
    return {
        "Open_vSwitch": {SYSTEM: {"initial": {"external_ids": ["map", [["system-id", name]]]}}},
        "Bridge": {BRIDGE: {"initial": {"name": "br-int", "datapath_id": dpid, "ports": ["uuid", PORT]}}},
        "Port": {PORT: {"initial": {"name": "tap0", "interfaces": ["uuid", INTERFACE]}}},
        "Interface": {INTERFACE: {"initial": plugged}},
    }


@dataclass
class Host:
    """One session; answers what it is asked with ``answer``, transactions with success."""

    address: tuple[str, int]
    answer: Any
    seconds: float = 5.0

    def __enter__(self) -> Self:
        """Connect."""
        self.socket = socket.create_connection(self.address, self.seconds)
        self.buffer = ""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.socket.close()

    def serve(self, requests: int = 20) -> bool:
        """Answer until nothing more is asked or the daemon hangs up; whether it did."""
        for _ in range(requests):
            try:
                request = self._request()
            except TimeoutError:
                return False
            if request is None:
                return True
            self.send(json.dumps({"id": request.get("id"), "error": None, "result": self._result(request)}).encode())
        return False

    def send(self, data: bytes) -> None:
        """Send what may be refused: whoever has hung up already does not mind."""
        try:
            self.socket.sendall(data)
        except ConnectionError:
            return

    def ended(self, seconds: float) -> bool:
        """Whether the daemon hangs up within so many seconds."""
        self.socket.settimeout(seconds)
        try:
            while self._chunk():
                pass
        except TimeoutError:
            return False
        return True

    def _result(self, request: dict[str, Any]) -> Any:
        if request["method"] == "transact":
            return [{} for _ in request["params"][1:]]
        return self.answer if request["method"].startswith("monitor") else request.get("params")

    def _request(self) -> dict[str, Any] | None:
        while True:
            try:
                found, end = DECODER.raw_decode(self.buffer)
            except ValueError:
                chunk = self._chunk()
                if not chunk:
                    return None
                self.buffer += chunk
                continue
            self.buffer = self.buffer[end:]
            return dict(found)

    def _chunk(self) -> str:
        try:
            return self.socket.recv(65536).decode()
        except ConnectionError:
            return ""
