"""Thousands of interfaces on a host's integration bridge, each naming the port it is for.

They are patch ports, each two of them wired to each other: Open vSwitch numbers them as it does any interface, and
nothing else about them costs anything. They go in by raw transactions, since ovs-vsctl takes minutes for as many.
"""

from __future__ import annotations

import json
import socket
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from mininet_scenarios.command import until
from ovsdb import operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mininet_scenarios.hypervisor import Hypervisor

BRIDGE = "br-int"
AT_ONCE = 1000
SECONDS = 120


def plug(host: Hypervisor, keys: Sequence[str]) -> None:
    """An interface for each of an even number of port keys, like ``acme/vm-1``; all are numbered when this returns."""
    with closing(Database(host)) as database:
        for at in range(0, len(keys), AT_ONCE):
            database.transact(_additions(keys[at : at + AT_ONCE]))
        until(partial(numbered, database), SECONDS, f"{host.name} numbers its interfaces", 0.1)


class Database:
    """A host's database, one transaction at a time."""

    def __init__(self, host: Hypervisor) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SECONDS)
        self._socket.connect(str(host.ovs.directory / "db.sock"))

    def transact(self, wanted: list[operations.Operation]) -> list[dict[str, Any]]:
        """The results, one for each operation."""
        request = {"method": "transact", "params": ["Open_vSwitch", *wanted], "id": 1}
        self._socket.sendall(json.dumps(request).encode())
        answer = b""
        while True:
            answer += self._socket.recv(1 << 20)
            try:
                return operations.outcome(json.loads(answer)["result"], wanted)
            except json.JSONDecodeError:
                continue

    def close(self) -> None:
        """End the session."""
        self._socket.close()


def _additions(keys: Sequence[str]) -> list[operations.Operation]:
    wanted, ports = [], []
    for at, key in enumerate(keys):
        name = _interface(key)
        row = {"name": name, "type": "patch", "options": option("peer", _interface(keys[at ^ 1]))}
        wanted.append(operations.insert("Interface", row | {"external_ids": option("iface-id", key)}, f"i{at}"))
        wanted.append(operations.insert("Port", {"name": name, "interfaces": operations.named(f"i{at}")}, f"p{at}"))
        ports.append(operations.named(f"p{at}"))
    return [*wanted, *changed({BRIDGE: ports})]


def changed(ports: Mapping[str, Sequence[Any]]) -> Iterator[operations.Operation]:
    """What adds named ports to bridges; without the last of it ovs-vswitchd would not look at what is new."""
    for bridge, added in ports.items():
        yield operations.mutate("Bridge", [["name", "==", bridge]], [["ports", "insert", ["set", list(added)]]])
    yield operations.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]])


def _interface(key: str) -> str:
    return "vm" + key.rpartition("-")[2]


def numbered(database: Database) -> bool:
    """Whether every interface has its OpenFlow port."""
    where = [["ofport", "==", ["set", []]]]
    selection = {"op": "select", "table": "Interface", "where": where, "columns": ["name"]}
    return not database.transact([selection])[0]["rows"]


def option(name: str, value: str) -> list[Any]:
    """A map of one entry, as OVSDB writes it."""
    return ["map", [[name, value]]]
