"""Interfaces at the ends of wires between bridges: their MTU, and BFD, on whichever host's bridges they are.

What an operator has set stays as it is: only what was at its default is ours, and noted in ``external_ids`` from then
on. It goes back to its default when the interface is the end of no wire any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.links import EndState, WireEnd
from ovsdb import operations, values
from ovsdb.host_facts import dpids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ovsdb.columns import Row
    from ovsdb.host_view import HostView
    from ovsdb.operations import Operation

MARK = "netloom-wire"
_LEAST_MTU = 68
_NO_DEVICES = ("patch", "internal")
"""Types of interfaces that have neither an MTU of their own nor BFD."""

Place = tuple[int, str]
"""A datapath id and the name of an interface."""


class WireEnds:
    """What is asked of all ends, and what the hosts in reach say of them; ``told`` hears of each that differs.

    ``known``: what is not asked of an interface that was marked is not wanted of it. Before, it may yet be asked.
    """

    def __init__(self) -> None:
        self.known = False
        self.told: Callable[[Place], None] = _nobody
        self._asked: dict[int, dict[str, WireEnd]] = {}
        self._states: dict[Place, EndState] = {}
        self._tellers: dict[Place, HostEnds] = {}

    def ask(self, ends: Iterable[WireEnd]) -> frozenset[int]:
        """This is all that is wanted from now on; the datapath ids of which that is news."""
        self.known = True
        before, self._asked = self._asked, {}
        for end in ends:
            self._asked.setdefault(end.dpid, {})[end.name] = end
        return frozenset(dpid for dpid in before.keys() | self._asked if before.get(dpid) != self._asked.get(dpid))

    def of(self, dpid: int) -> Mapping[str, WireEnd]:
        """What is asked of a bridge's interfaces, by name."""
        return self._asked.get(dpid, {})

    def state(self, place: Place) -> EndState | None:
        """What a host says of an interface; None where none that is in reach does."""
        return self._states.get(place)

    def says(self, teller: HostEnds, place: Place, state: EndState | None) -> None:
        """A host says this, or nothing more, of an interface; who told of it first is believed, and no other."""
        if self._tellers.setdefault(place, teller) is not teller:
            return
        before = self._states.pop(place, None)
        if state is None:
            del self._tellers[place]
        else:
            self._states[place] = state
        if state != before:
            self.told(place)


class HostEnds:
    """The ends of wires that are on one host's bridges, for as long as a session with it lasts."""

    def __init__(self, ends: WireEnds) -> None:
        self._ends = ends
        self._marked: dict[str, None] = {}
        self._due: dict[str, None] = {}
        self._said: dict[str, Place] = {}

    def touched(self, view: HostView, interfaces: Iterable[str]) -> None:
        """These interfaces (UUIDs) may look different, or stand on another bridge."""
        bridges = dpids(view)
        for uuid in values.in_turns(interfaces):
            found = view.interface(uuid)
            if found is None:
                self._forget(uuid)
                continue
            row, bridge = found
            if MARK in row.get("external_ids", {}):
                self._marked[uuid] = None
            else:
                self._marked.pop(uuid, None)
            self._say(uuid, row, bridges.get(bridge))

    def review(self, view: HostView) -> None:
        """What is asked may differ: look at every interface that it is about, or was."""
        uuids = set(self._marked)
        for dpid in dpids(view).values():
            for name in self._ends.of(dpid):
                port = view.port(name)
                uuids.update(port[2] if port is not None else ())
        self.touched(view, sorted(uuids))

    def operations(self, view: HostView) -> tuple[Operation, ...]:
        """What makes the interfaces right that were touched; each is told once."""
        due, self._due = self._due, {}
        bridges = dpids(view)
        return tuple(change for uuid in due for change in self._change(view, bridges, uuid))

    def gone(self) -> None:
        """The host is out of reach."""
        for uuid in list(self._said):
            self._forget(uuid)

    def _change(self, view: HostView, bridges: Mapping[str, int], uuid: str) -> Iterator[Operation]:
        found = view.interface(uuid)
        if found is None:
            return
        row, bridge = found
        end = self._ends.of(bridges.get(bridge, 0)).get(row.get("name", ""))
        if end is not None and _able(row):
            yield from _corrections(uuid, row, end)
        elif end is None and uuid in self._marked and self._ends.known:
            yield from _released(uuid, row)

    def _say(self, uuid: str, row: Row, dpid: int | None) -> None:
        name = row.get("name", "")
        if self._said.get(uuid) not in {None, (dpid, name)}:
            self._forget(uuid)
        if dpid is not None and (uuid in self._marked or name in self._ends.of(dpid)):
            self._due[uuid] = None
            self._said[uuid] = dpid, name
            self._ends.says(self, (dpid, name), _state(row))
        elif uuid in self._said:
            self._forget(uuid)

    def _forget(self, uuid: str) -> None:
        self._marked.pop(uuid, None)
        place = self._said.pop(uuid, None)
        if place is not None:
            self._ends.says(self, place, None)


def _corrections(uuid: str, row: Row, end: WireEnd) -> Iterator[Operation]:
    ours = _ours(row)
    columns = dict(_wrong_columns(row, end, ours))
    if columns:
        yield operations.update("Interface", operations.row(uuid), columns)
    if not columns.keys() <= ours:
        yield from _marked(uuid, ours | columns.keys())


def _released(uuid: str, row: Row) -> Iterator[Operation]:
    """What was ours goes back to its default."""
    ours = _ours(row)
    defaults = {"mtu_request": values.written_set([]), "bfd": values.written_map([])}
    yield operations.update(
        "Interface", operations.row(uuid), {name: defaults[name] for name in defaults if name in ours}
    )
    yield from _marked(uuid, frozenset())


def _marked(uuid: str, columns: frozenset[str]) -> Iterator[Operation]:
    """Note in the database which columns are ours."""
    mutations = [["external_ids", "delete", values.written_set([MARK])]]
    if columns:
        mutations.append(["external_ids", "insert", values.written_map([(MARK, " ".join(sorted(columns)))])])
    yield operations.mutate("Interface", operations.row(uuid), mutations)


def _ours(row: Row) -> frozenset[str]:
    """The columns that we have set."""
    return frozenset(row.get("external_ids", {}).get(MARK, "").split())


def _wrong_columns(row: Row, end: WireEnd, ours: frozenset[str]) -> Iterator[tuple[str, Any]]:
    asked, has = row.get("mtu_request"), row.get("mtu") or 0
    lacks = has < end.mtu if asked is None else "mtu_request" in ours and asked != end.mtu
    if end.mtu >= _LEAST_MTU and lacks:
        yield "mtu_request", end.mtu
    bfd = dict(row.get("bfd", {}))
    if end.bfd is not None and ("bfd" in ours or not bfd) and bfd != _bfd(end.bfd):
        yield "bfd", values.written_map(sorted(_bfd(end.bfd).items()))


def _bfd(interval: int) -> dict[str, str]:
    return {"enable": "true", "min_rx": str(interval), "min_tx": str(interval)} if interval else {}


def _state(row: Row) -> EndState:
    watched = row.get("bfd", {}).get("enable") == "true"
    return EndState(row.get("mtu"), row.get("bfd_status", {}).get("state") == "up" if watched else None, _able(row))


def _able(row: Row) -> bool:
    return row.get("type", "") not in _NO_DEVICES


def _nobody(_place: Place) -> None:
    """Nobody listens yet."""
