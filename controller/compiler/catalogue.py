"""Which flow should stand on which bridge: flows by scope, chassis by scope, and what a turn changes for each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.errors import Bug
from controller.flow.flow import Flow, Here, Scope, Slot, salted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.compiler.engine import Node


@dataclass(slots=True)
class Delta:
    """What changes on one chassis: flows in places that were free, flows that replace others, flows that go."""

    new: list[Flow] = field(default_factory=list)
    changed: list[Flow] = field(default_factory=list)
    gone: list[Flow] = field(default_factory=list)


Membership = tuple[Scope, str]
Place = tuple[Scope, int]
"""A scope and the hash of a slot: where at most one flow stands."""


@dataclass(slots=True)
class _Moves:
    """What goes from and comes to each chassis in a turn, by cookie; what does both was there and stays."""

    minus: dict[str, dict[int, Flow]] = field(default_factory=lambda: defaultdict(dict))
    plus: dict[str, dict[int, Flow]] = field(default_factory=lambda: defaultdict(dict))

    def goes(self, chassis: Iterable[str], flow: Flow) -> None:
        """What came in this very turn has then never been there."""
        for name in chassis:
            if self.plus[name].pop(flow.cookie, None) is None:
                self.minus[name][flow.cookie] = flow

    def comes(self, chassis: Iterable[str], flow: Flow) -> None:
        """It is there from now on."""
        for name in chassis:
            self.plus[name][flow.cookie] = flow

    def deltas(self) -> dict[str, Delta]:
        """What each chassis has to do; those with nothing to do are left out."""
        names = {*self.plus, *self.minus}
        return {name: delta for name in names if (delta := _delta(self.plus[name], self.minus[name]))}


class Catalogue:
    """Every flow that should exist, once, however many chassis it is for.

    Of nodes that want different flows in one place the first by rule and key has it, whoever came first, and the
    others wait: what stands depends on the world as it is, not on how it came to be so.
    """

    def __init__(self, report: Callable[[Bug], None]) -> None:
        self._flows: dict[Scope, dict[int, Flow]] = defaultdict(dict)
        self._slots: dict[Scope, dict[int, int]] = defaultdict(dict)
        self._owners: dict[tuple[Scope, int], tuple[Node, ...]] = {}
        self._waiting: dict[Place, list[tuple[Node, Flow]]] = {}
        self._members: dict[Scope, set[str]] = defaultdict(set)
        self._scopes: dict[str, set[Scope]] = defaultdict(set)
        self._report = report

    def flows(self, chassis: str) -> Iterator[Flow]:
        """Everything that should stand on a chassis."""
        yield from self._flows.get(Here(chassis), {}).values()
        for scope in self._scopes.get(chassis, ()):
            yield from self._flows.get(scope, {}).values()

    def count(self, chassis: str) -> int:
        """How many flows should stand on a chassis."""
        scopes = (Here(chassis), *self._scopes.get(chassis, ()))
        return sum(len(self._flows.get(scope, ())) for scope in scopes)

    def find(self, chassis: str, cookie: int) -> Flow | None:
        """The flow with this cookie, if it should stand on this chassis."""
        for scope in (Here(chassis), *self._scopes.get(chassis, ())):
            flow = self._flows.get(scope, {}).get(cookie)
            if flow is not None:
                return flow
        return None

    def at(self, chassis: str, slot: Slot) -> Flow | None:
        """The flow that should stand in this slot of this chassis."""
        for scope in (Here(chassis), *self._scopes.get(chassis, ())):
            cookie = self._slots.get(scope, {}).get(hash(slot))
            if cookie is not None:
                return self._flows[scope][cookie]
        return None

    def __contains__(self, membership: Membership) -> bool:
        """Whether a chassis is one of a shared scope."""
        scope, chassis = membership
        return chassis in self._members.get(scope, ())

    def owners(self, flow: Flow) -> tuple[Node, ...]:
        """The nodes that asked for this flow."""
        return self._owners.get((flow.scope, flow.cookie), ())

    def turn(
        self,
        removed: Iterable[tuple[Flow, Node]],
        added: Iterable[tuple[Flow, Node]],
        left: Iterable[Membership],
        joined: Iterable[Membership],
    ) -> dict[str, Delta]:
        """Take one run's changes; what each chassis has to do about them. Chassis with nothing to do are left out."""
        moves = _Moves()
        for scope, chassis in left:
            if chassis in self._members.get(scope, ()):
                self._members[scope].discard(chassis)
                self._scopes[chassis].discard(scope)
                moves.minus[chassis].update(self._flows.get(scope, {}))
        for flow, node in removed:
            self._remove(flow, node, moves)
        for flow, node in added:
            if not self._add(flow, node, moves):
                self._report(Bug(f"{node} wants another flow than the one that stands in slot {flow.slot}"))
        for place in list(self._waiting):
            self._decide(place, moves)
        for scope, chassis in joined:
            if chassis not in self._members[scope]:
                self._members[scope].add(chassis)
                self._scopes[chassis].add(scope)
                moves.plus[chassis].update(self._flows.get(scope, {}))
        return moves.deltas()

    def _chassis(self, scope: Scope) -> Iterable[str]:
        return (scope.chassis,) if isinstance(scope, Here) else self._members.get(scope, ())

    def _remove(self, flow: Flow, node: Node, moves: _Moves) -> None:
        """One node asks for it no longer; with the last of them it goes."""
        slot = hash(flow.slot)
        standing = self._standing((flow.scope, slot))
        if standing is None or standing.instructions != flow.instructions:
            place = (flow.scope, slot)
            self._waiting[place] = [
                (n, f) for n, f in self._waiting[place] if (n, f.instructions) != (node, flow.instructions)
            ]
            return
        owners = tuple(owner for owner in self.owners(standing) if owner != node)
        if owners:
            self._owners[flow.scope, standing.cookie] = owners
            return
        del self._owners[flow.scope, standing.cookie]
        del self._flows[flow.scope][standing.cookie]
        del self._slots[flow.scope][slot]
        if not self._flows[flow.scope]:
            del self._flows[flow.scope], self._slots[flow.scope]
        moves.goes(self._chassis(flow.scope), standing)

    def _add(self, flow: Flow, node: Node, moves: _Moves) -> bool:
        """One more node asks for it; where a different flow stands it has to wait, and the answer is False."""
        slots, flows, slot = self._slots[flow.scope], self._flows[flow.scope], hash(flow.slot)
        standing = slots.get(slot)
        if standing is None:
            while flow.cookie in flows:
                flow = salted(flow, flow.cookie & 0xFFFF)
            slots[slot] = flow.cookie
            flows[flow.cookie] = flow
            self._owners[flow.scope, flow.cookie] = (node,)
            moves.comes(self._chassis(flow.scope), flow)
        elif flows[standing].instructions == flow.instructions:
            self._owners[flow.scope, standing] = (*self.owners(flows[standing]), node)
        else:
            self._waiting.setdefault((flow.scope, slot), []).append((node, flow))
            return False
        return True

    def _standing(self, place: Place) -> Flow | None:
        cookie = self._slots.get(place[0], {}).get(place[1])
        return None if cookie is None else self._flows[place[0]][cookie]

    def _decide(self, place: Place, moves: _Moves) -> None:
        """Give a place that several want, or wanted, to the first of them."""
        waiting = self._waiting.pop(place)
        standing = self._standing(place)
        holding = [(node, standing) for node in self.owners(standing)] if standing else []
        claims = sorted([*holding, *waiting], key=_claim)
        if holding and claims[0][1].instructions != holding[0][1].instructions:
            for node, flow in holding:
                self._remove(flow, node, moves)
            waiting = claims
        for node, flow in sorted(waiting, key=_claim):
            self._add(flow, node, moves)


def _claim(wanted: tuple[Node, Flow]) -> tuple[Node, bytes]:
    node, flow = wanted
    return node, flow.instructions


def _delta(plus: dict[int, Flow], minus: dict[int, Flow]) -> Delta | None:
    """What is both taken and given stays; what takes a place that is given up replaces."""
    if not minus:
        return Delta(list(plus.values())) if plus else None
    freed = {flow.slot for cookie, flow in minus.items() if cookie not in plus}
    coming = [flow for cookie, flow in plus.items() if cookie not in minus]
    taken = {flow.slot for flow in coming} & freed
    delta = Delta(
        [flow for flow in coming if flow.slot not in taken],
        [flow for flow in coming if flow.slot in taken],
        [flow for cookie, flow in minus.items() if cookie not in plus and flow.slot not in taken],
    )
    return delta if delta.new or delta.changed or delta.gone else None
