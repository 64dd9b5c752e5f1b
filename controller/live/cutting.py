"""Cutting: connections that a policy ends when it changes are refused from then on, at both ends, and no others are.

A connection is not forgotten but marked: a switch that had forgotten it would take the next packet of either machine
for the begin of a new one, which may be allowed the other way round. Both ends are told, and none comes back unless the
policies let it: then its mark is taken away.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from controller.intent.pacer import Pacer
from controller.live.connections import seen
from controller.live.decisions import whose, within
from controller.live.marking import Hands, Marks
from controller.live.touched import Earlier, ended, pace, touched
from controller.policy.values import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controller.compiler.past import Glimpse
    from controller.entities import Entity
    from controller.live.answers import Row
    from controller.live.connections import Connection, Connections
    from controller.live.rules import RuleNames
    from controller.live.touched import Causes
    from controller.store import Store

AGAIN_SECONDS = (0.5, 1.5)
"""After which connections are looked through again: what was under way may still have begun by the rules of before."""
CONFIRM_SECONDS = 30.0
TOLD = 100
"""Connections that one event names."""

_log = structlog.get_logger("policy")


class Cutting:
    """Follows what the compiler derives; ``news`` is a queue for the greenlet that ``run`` is.

    ``pending`` while connections are to be looked through, but for those of switches that are away.
    """

    def __init__(self, store: Store, names: RuleNames, connections: Connections, hands: Hands, news: Any) -> None:
        self._store = store
        self._names = names
        self._connections = connections
        self.pending = False
        self._hands = hands
        self._news = news
        self._earlier = Earlier(store)
        self._causes: Causes = {}
        self._late: set[str] = set()
        self._unknown: dict[str, str] = {}
        self._marks = Marks(hands)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The world has changed: whose connections may have to end is looked at soon."""
        found = self._earlier.begin(changed)
        if not found:
            return
        causes = touched(self._earlier, self._store, found)
        self._earlier.end()
        for port, because in causes.items():
            self._causes[port] = self._causes.get(port, frozenset()) | because
        self.pending |= bool(causes)
        if causes or self._marks.some:
            self._hands.after(partial(self._news.put, None))

    def settled(self, chassis: str) -> None:
        """A switch confirmed something, or came back."""
        if chassis in self._late:
            self._late.discard(chassis)
            self._news.put(None)

    def look(
        self, tried: Callable[[Callable[[Glimpse], Causes]], Causes], puts: Iterable[Entity]
    ) -> Callable[[Glimpse], Over]:
        """What tells the connections that a change would end; ``tried`` gives what somebody makes of the change."""
        may = any(isinstance(entity, Policy) and entity.cut for entity in (*puts, *self._store.all(Policy)))
        causes = tried(_touched) if may else {}
        found, unknown = self._connections.read(causes) if causes else ([], {})
        looking = partial(_over, found=found, causes=causes, names=self._names, row=self._connections.row)
        return partial(looking, unavailable=unknown)

    def run(self) -> None:
        """Cut for ever."""
        while True:
            self._news.get()
            while self._news.qsize():
                self._news.get()
            try:
                self.review()
            except Exception as error:  # noqa: BLE001 - our bug must not keep later changes from being carried out
                _log.exception("bug", error=repr(error))

    def review(self) -> None:
        """Carry out what changed since the last time."""
        causes, self._causes = self._causes, {}
        places = {port: place for port in causes if (place := self._chassis(port)) is not None}
        here = frozenset(place for place in places.values() if self._hands.present(place))
        late = {*places.values()} - here | self._hands.late(here, CONFIRM_SECONDS)
        if late:
            _log.warning("cut_waits", chassis=sorted(late))
        for port in [port for port, place in places.items() if place in late]:
            self._again(port, places[port], causes.pop(port))
        self._marks.restore(self._store)
        ends = self._ends(causes)
        self.pending = bool(self._causes) and not self._late
        self._hands.moved()
        for seconds in AGAIN_SECONDS if causes else ():
            self._hands.sleep(seconds)
            for policy, more in self._ends(causes).items():
                ends.setdefault(policy, []).extend(more)
        self._tell_unknown()
        for policy, cut in sorted(ends.items()):
            self._tell(policy, cut)

    def _ends(self, causes: Causes) -> dict[str, list[Connection]]:
        """End what the policies end now, each with what it ends."""
        ends: dict[str, list[Connection]] = defaultdict(list)
        for one, because in self._round(causes) if causes else ():
            ends[because].append(one)
        return ends

    def _again(self, port: str, chassis: str, because: frozenset[str]) -> None:
        """A port is to be looked at when its switch is there."""
        self._causes[port] = self._causes.get(port, frozenset()) | because
        self._late.add(chassis)

    def _chassis(self, port: str) -> str | None:
        endpoint = self._connections.endpoint(port)
        return None if endpoint is None else endpoint.chassis

    def _round(self, causes: Causes) -> Iterable[tuple[Connection, str]]:
        found, self._unknown = self._connections.read(causes)
        pacer = Pacer()
        over = list(ended(self._store, found, causes, self._names, pacer.breathe))
        for one, because in over:
            pacer.breathe()
            if not self._marks.cut(one):
                self._again(one.port, one.chassis, frozenset((because,)))
        return over

    def _tell_unknown(self) -> None:
        """Whose connections nobody could tell even the last time: they live on."""
        for chassis, why in self._unknown.items():
            _log.warning("connections_not_cut", chassis=chassis, reason=why)
            self._hands.publish("health", f"Chassis {chassis}", {"connections": f"none was cut: {why}"})
        self._unknown = {}

    def _tell(self, policy: str, cut: Sequence[Connection]) -> None:
        subject, project = whose(policy)
        rows = [self._connections.row(one) for one in cut[:TOLD]]
        if project:
            rows = [row | {"peer": within(project, row["peer"])} for row in rows if within(project, row["port"])]
        _log.info("connections_cut", policy=policy, count=len(cut))
        self._hands.publish("security", subject, {"cut": len(cut), "connections": rows})


@dataclass(frozen=True, slots=True)
class Over:
    """Connections that a change would end, each with the policy because of which it would.

    ``unavailable`` are the chassis of which nobody could tell them, with why.
    """

    rows: tuple[Row, ...]
    unavailable: dict[str, str]

    def told(self, reads: Callable[[str], bool]) -> dict[str, object]:
        """Those of ports in projects that somebody ``reads``."""
        rows = [seen(row, reads) for row in self.rows if reads(str(row["port"]).partition("/")[0])]
        return {"items": rows, "unavailable": self.unavailable}


def _touched(glimpse: Glimpse) -> Causes:
    return touched(glimpse.before, glimpse.after, glimpse.changed)


def _over(
    glimpse: Glimpse,
    *,
    found: Sequence[Connection],
    causes: Causes,
    names: RuleNames,
    row: Callable[[Connection], Row],
    unavailable: dict[str, str],
) -> Over:
    over = ended(glimpse.after, found, causes, names, pace(glimpse, len(found)))
    return Over(tuple(row(one) | {"policy": because} for one, because in over), unavailable)
