"""Which OVSDB operations make a host's ports what they should be, and take away those of ours that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovsdb import operations, values
from ovsdb.own_ports import ENCAPS, STATE, ObservedPort, OwnPort, tunnel_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ovsdb.operations import Operation

_TUNNELS = tuple(tunnel_port(encap) for encap in ENCAPS)
_MAPS = ("options", "bfd")
_COLUMNS = ("type", "options", "ofport_request", "mac", "mtu_request", "bfd")


def changes(
    found: Sequence[ObservedPort], wanted: Sequence[OwnPort], bridges: Mapping[str, str], ours: str, *, known: bool
) -> Iterator[Operation]:
    """Yield what makes ``found`` ``wanted``; ``bridges`` are the host's UUIDs by name, ``ours`` that of ours.

    ``known`` says that intent is known: before, nothing goes that an order may be about to ask for.
    """
    held = {port.name: port for port in found}
    for port in wanted:
        yield from _kept(held.get(port.name), port, bridges[port.bridge])
    names = {port.name for port in wanted}
    for old in found:
        tunnel = old.name in _TUNNELS and old.bridge == ours
        if old.name not in names and old.bridge and (tunnel or (old.marked and (known or not old.ordered))):
            yield change_of(old.bridge, "delete", ["uuid", old.port])


def rows(port: OwnPort) -> Iterator[Operation]:
    """The insertions of a port, which the same transaction then puts on a bridge as ``reference(port)``."""
    columns = _written(port, _COLUMNS) | {"name": port.name}
    if port.marks:
        columns["external_ids"] = values.written_map(port.marks)
    yield operations.insert("Interface", columns, f"interface_{_word(port)}")
    interface = operations.named(f"interface_{_word(port)}")
    yield operations.insert("Port", {"name": port.name, "interfaces": interface}, f"port_{_word(port)}")


def reference(port: OwnPort) -> list[str]:
    """How the transaction that inserts a port calls it."""
    return operations.named(f"port_{_word(port)}")


def change_of(bridge: str, mutator: str, value: list[str]) -> Operation:
    """The mutation that puts a port on a bridge (by UUID), or takes it off."""
    return operations.mutate("Bridge", operations.row(bridge), [["ports", mutator, value]])


def _kept(found: ObservedPort | None, port: OwnPort, bridge: str) -> Iterator[Operation]:
    if found is not None and found.bridge != bridge:
        if not found.marked:
            return  # somebody else's; it is reported as a problem of the host
        yield change_of(found.bridge, "delete", ["uuid", found.port])
        found = None
    if found is None:
        yield from rows(port)
        yield change_of(bridge, "insert", reference(port))
        return
    wrong = [name for name in _COLUMNS if getattr(port, name) and getattr(port, name) != getattr(found, name)]
    if wrong:
        yield operations.update("Interface", operations.row(found.interface), _written(port, wrong))
    if found.marks != port.marks and port.marks:
        yield _marked(found, port)


def _marked(found: ObservedPort, port: OwnPort) -> Operation:
    """What the host answered goes as well: it answered for something else."""
    gone = [STATE, *(key for key, _ in found.marks), *(key for key, _ in port.marks)]
    mutations = [
        ["external_ids", "delete", values.written_set(dict.fromkeys(gone))],
        ["external_ids", "insert", values.written_map(port.marks)],
    ]
    return operations.mutate("Interface", operations.row(found.interface), mutations)


def _written(port: OwnPort, columns: Sequence[str]) -> dict[str, Any]:
    found = {name: getattr(port, name) for name in columns if getattr(port, name)}
    return {name: values.written_map(value) if name in _MAPS else value for name, value in found.items()}


def _word(port: OwnPort) -> str:
    return port.name.replace("-", "_")
