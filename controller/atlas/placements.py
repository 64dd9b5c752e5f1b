"""Placements: the tracks that path policies take, as steering chooses them, told to the compiler where they differ."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeVar

from controller.atlas.holding import held, reached
from controller.atlas.steering import never
from controller.links import Demand, PathPolicy, Placed, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from controller.atlas.mapping import Place
    from controller.atlas.steering import Steering
    from controller.entities import Entity
    from controller.store import Store
    from topology.fabric import Turn
    from topology.map import Map

T = TypeVar("T", PathPolicy, Demand)
HELD_BACK = 0.5
"""Seconds for which choosing is left off, and what was chosen kept back, while wires come and go: routes go first."""
LINGER = 2.0
"""Seconds for which the tracks of a policy that is gone stay: its packets left them in a turn of its own, and switches
forward for a while by what they derived before (measured: 0.17, on a machine with four times too much to do more).
"""


class Placements:
    """What steering chose, and what of it the compiler knows; ``held`` are the demands that cannot move yet.

    ``presses`` says whether something may have failed, for which choosing is left off.
    """

    def __init__(self, steering: Steering, facts: Store, ground: Map, presses: Callable[[], bool]) -> None:
        self.again: float | None = None
        self.rates: Mapping[str, float] = {}
        self.held: frozenset[str] = frozenset()
        self._steering = steering
        self._facts = facts
        self._ground = ground
        self._presses = presses
        self._tell_by = inf
        self._mends = False
        self._stood: dict[Place, Entity] = {}
        self._lingers: dict[Place, float] = {}

    def recall(self, entities: Iterable[Entity], now: float = -inf) -> None:
        """Take over what an earlier daemon chose."""
        known = [entity for entity in entities if isinstance(entity, Track | Placed)]
        self._stood = {(type(entity), entity.key): entity for entity in known}
        tracks = [entity for entity in known if isinstance(entity, Track)]
        self._steering.recall([entity for entity in known if isinstance(entity, Placed)], tracks, now)

    def plan(self, now: float, turn: Turn, deaf: Collection[str] = ()) -> bool:
        """Choose again; what is otherwise than it stood goes into the turn, but for what ``deaf`` bridges have to know.

        A track that they have not heard of would lead nowhere, and what stands does lead on. Whether some of it makes
        up for paths that failed.
        """
        policies, demands = _keyed(self._facts.all(PathPolicy)), _keyed(self._facts.all(Demand))
        if not policies and not self._stood:
            self.again, self.held = None, frozenset()
            return False
        by = min(self._tell_by, now + HELD_BACK)
        presses = self._presses if now < by else never
        plan = self._steering.plan(self._ground, policies, demands, self.rates, now, presses=presses)
        self.again = plan.again
        self._mends |= plan.mends
        if presses():
            self._tell_by = self.again = by
            return False
        self._tell_by = inf
        wanted: dict[Place, Entity] = {(Track, key): track for key, track in plan.tracks.items()}
        wanted |= {(Placed, key): placed for key, placed in plan.placed.items()}
        stays = held(self._stood, wanted, self._ground, deaf)
        self.held = frozenset(key for kind, key in stays if kind is Placed)
        wanted = {**self._left_behind(policies, now), **wanted, **stays}
        turn.puts += [entity for place, entity in wanted.items() if self._stood.get(place) != entity]
        turn.deletes += [place for place in self._stood if place not in wanted]
        self._stood = wanted
        mends, self._mends = self._mends, False
        return mends

    def _left_behind(self, policies: Collection[str], now: float) -> dict[Place, Entity]:
        """Tracks of policies that are gone, as long as packets may be on them."""
        gone = [one.track for one in self._stood.values() if isinstance(one, Placed) and one.policy not in policies]
        for number in gone:
            self._lingers |= {(Track, track.key): now + LINGER for track in reached(number, self._stood)}
        self._lingers = {place: until for place, until in self._lingers.items() if until > now}
        self.again = min((until for until in (self.again, *self._lingers.values()) if until is not None), default=None)
        return {place: self._stood[place] for place in self._lingers if place in self._stood}

    def current(self, policy: str) -> bool:
        """Whether what was chosen for a path policy (key) is for what it asks for now, and has been compiled."""
        facts, standing = self._facts, self._facts.get(PathPolicy, policy)
        if standing is None or not self._steering.knows(standing) or self._tell_by < inf:
            return False
        asked, compiled = (set(facts.where(kind, "policy", policy)) for kind in (Demand, Placed))
        if asked != compiled or not asked.isdisjoint(self.held):
            return False
        return all(facts.get(Placed, key) == self._stood.get((Placed, key)) for key in asked)


def _keyed(entities: Iterable[T]) -> dict[str, T]:
    return {entity.key: entity for entity in entities}
