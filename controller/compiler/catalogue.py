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


class Catalogue:
    """Every flow that should exist, once, however many chassis it is for."""

    def __init__(self, report: Callable[[Bug], None]) -> None:
        self._flows: dict[Scope, dict[int, Flow]] = defaultdict(dict)
        self._slots: dict[Scope, dict[int, int]] = defaultdict(dict)
        self._owners: dict[tuple[Scope, int], tuple[Node, ...]] = {}
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
        minus: dict[str, dict[int, Flow]] = defaultdict(dict)
        plus: dict[str, dict[int, Flow]] = defaultdict(dict)
        for scope, chassis in left:
            self._members[scope].discard(chassis)
            self._scopes[chassis].discard(scope)
            minus[chassis].update(self._flows.get(scope, {}))
        for flow, node in removed:
            if self._remove(flow, node):
                for chassis in self._chassis(flow.scope):
                    minus[chassis][flow.cookie] = flow
        for flow, node in added:
            kept = self._add(flow, node)
            if kept is not None:
                for chassis in self._chassis(kept.scope):
                    plus[chassis][kept.cookie] = kept
        for scope, chassis in joined:
            self._members[scope].add(chassis)
            self._scopes[chassis].add(scope)
            plus[chassis].update(self._flows.get(scope, {}))
        return {chassis: delta for chassis in {*plus, *minus} if (delta := _delta(plus[chassis], minus[chassis]))}

    def _chassis(self, scope: Scope) -> Iterable[str]:
        return (scope.chassis,) if isinstance(scope, Here) else self._members.get(scope, ())

    def _remove(self, flow: Flow, node: Node) -> bool:
        """Whether that was the last who asked for it."""
        place = (flow.scope, flow.cookie)
        owners = tuple(owner for owner in self.owners(flow) if owner != node)
        if owners:
            self._owners[place] = owners
            return False
        if self._owners.pop(place, None) is None:
            return False
        del self._flows[flow.scope][flow.cookie]
        self._slots[flow.scope].pop(hash(flow.slot), None)
        if not self._flows[flow.scope]:
            del self._flows[flow.scope]
            self._slots.pop(flow.scope, None)
        return True

    def _add(self, flow: Flow, node: Node) -> Flow | None:
        """The flow as it was taken in, or None where it stood already or contradicts one that does."""
        slots, flows = self._slots[flow.scope], self._flows[flow.scope]
        standing = slots.get(hash(flow.slot))
        if standing is not None:
            if flows[standing].instructions == flow.instructions:
                self._owners[flow.scope, standing] = (*self.owners(flows[standing]), node)
                return None
            self._report(Bug(f"{node} and {self.owners(flows[standing])} want different flows in slot {flow.slot}"))
            return None
        while flow.cookie in flows:
            flow = salted(flow, flow.cookie & 0xFFFF)
        slots[hash(flow.slot)] = flow.cookie
        flows[flow.cookie] = flow
        self._owners[flow.scope, flow.cookie] = (node,)
        return flow


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
