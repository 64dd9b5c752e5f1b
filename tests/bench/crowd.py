"""A crowd of machines on one host that cost next to nothing: ports of the integration bridge, all on a few wires.

Each machine's interface is a patch port, wired to a bridge of its own; that bridge tells the machines apart by their
MACs, and its wires end in sockets. So a thousand clients are one process that reads and writes frames. The first few
machines have a wire each, with a buffer of its own as every machine would have; the others share some.
"""

from __future__ import annotations

import socket
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from mininet_scenarios.command import until
from mininet_scenarios.wire import socket_in
from ovsdb import operations
from tests.bench.plugs import AT_ONCE, BRIDGE, SECONDS, Database, changed, numbered, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mininet_scenarios.hypervisor import Hypervisor

STREET = "br-crowd"
ALONE, SHARED = 8, 16
ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
BUFFER = 16 << 20
WIRE_PORT = 60_000


def mac(number: int) -> str:
    """The MAC of machine ``number``."""
    return f"02:00:00:01:{number >> 8:02x}:{number & 0xFF:02x}"


def wire(number: int) -> int:
    """The number of the wire at which machine ``number`` is."""
    return number if number < ALONE else ALONE + number % SHARED


def end(number: int) -> str:
    """The interface at which wire ``number`` ends, in its host's namespace."""
    return f"crowd-end{number}"


def settle(host: Hypervisor, keys: Sequence[str]) -> list[socket.socket]:
    """Plug in a machine for each port key, numbered in their order; the sockets are the wires' in theirs."""
    host.ovs.vsctl(
        *("add-br", STREET, "--", "set", "Bridge", STREET, f"datapath_type={host.datapath}", "fail_mode=secure")
    )
    for number in range(ALONE + SHARED):
        _lay(host, number)
    with closing(Database(host)) as database:
        for at in range(0, len(keys), AT_ONCE):
            database.transact(_additions(keys[at : at + AT_ONCE], at))
        until(partial(numbered, database), SECONDS, f"{host.name} numbers its interfaces", 0.1)
    flows = host.ovs.directory / "crowd.flows"
    flows.write_text("".join(_flows(number) for number in range(len(keys))))
    host.ovs.ofctl("add-flows", STREET, str(flows))
    return [_socket(host, number) for number in range(ALONE + SHARED)]


def _lay(host: Hypervisor, number: int) -> None:
    """One wire, from the crowd's bridge to where a socket is bound."""
    name = f"crowd{number}"
    host.machine.run("ip", "link", "add", name, "type", "veth", "peer", "name", end(number))
    for each in (name, end(number)):
        host.machine.run("sysctl", "-qw", f"net.ipv6.conf.{each}.disable_ipv6=1")
        host.machine.run("ip", "link", "set", each, "up")
    request = f"ofport_request={WIRE_PORT + number}"
    host.ovs.vsctl("add-port", STREET, name, "--", "set", "Interface", name, request)


def _additions(keys: Sequence[str], first: int) -> list[operations.Operation]:
    """Both ends of each machine's wire."""
    wanted: list[operations.Operation] = []
    ports: dict[str, list[Any]] = {BRIDGE: [], STREET: []}
    for number, key in enumerate(keys, first):
        ends = {BRIDGE: (f"m{number}", f"s{number}"), STREET: (f"s{number}", f"m{number}")}
        for bridge, (name, peer) in ends.items():
            row = {"name": name, "type": "patch", "options": option("peer", peer)}
            more = {"external_ids": option("iface-id", key)} if bridge == BRIDGE else {"ofport_request": number + 1}
            wanted.append(operations.insert("Interface", row | more, f"i{name}"))
            wanted.append(operations.insert("Port", {"name": name, "interfaces": operations.named(f"i{name}")}, name))
            ports[bridge].append(operations.named(name))
    return [*wanted, *changed(ports)]


def _flows(number: int) -> str:
    at = WIRE_PORT + wire(number)
    out = f"in_port={at},dl_src={mac(number)},actions=output:{number + 1}\n"
    return out + f"in_port={number + 1},actions=output:{at}\n"


def _socket(host: Hypervisor, number: int) -> socket.socket:
    made = socket_in(host.machine.pid, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    made.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)  # a flood from there would fill it
    for direction in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, direction, BUFFER)
    made.bind((end(number), 0))
    return made
