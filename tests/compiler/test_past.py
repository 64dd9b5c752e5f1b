"""While a change is tried, what stood before it can still be read, exactly as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiled import RULES, Watched
from tests.histories import after, histories, parted
from tests.routed_worlds import routed_world

if TYPE_CHECKING:
    from controller.compiler.past import Glimpse, Reading

Told = dict[tuple[Any, ...], Any]


@given(data=st.data())
@settings(max_examples=40)
def test_the_past_reads_as_the_store_did(data: st.DataObject) -> None:
    history = data.draw(histories(turns=2, base=routed_world))
    world = routed_world()
    compiler = Watched()
    compiler.turn(world.values())
    for turn in history:
        kinds = {type(entity) for entity in (*world.values(), *after(world, [turn]).values())}
        kinds |= {relation.produces for relation in RULES.relations}
        now = told(compiler.store, kinds)
        seen = compiler.look(*parted(turn), _Tellers(kinds))
        compiler.turn(*parted(turn))
        world = after(world, [turn])
        assert seen == (now, told(compiler.store, kinds))


class _Tellers:
    """Reads all of both stores while they can be read."""

    def __init__(self, kinds: set[type]) -> None:
        self._kinds = kinds

    def __call__(self, glimpse: Glimpse) -> tuple[Told, Told]:
        return told(glimpse.before, self._kinds), told(glimpse.after, self._kinds)


def told(reading: Reading, kinds: set[type]) -> Told:
    """Every entity, and every index value that one of them stands under."""
    found: Told = {}
    for kind in kinds:
        for key in reading.keys(kind):
            entity = found[kind, key] = reading.get(kind, key)
            for index in RULES.indexes.get(kind, ()):
                for value in index.of(entity):
                    found[kind, index.name, value] = set(reading.where(kind, index.name, value))
    return found
