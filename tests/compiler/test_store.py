"""The store names a change by every question whose answer it changed, and by no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from controller.store import Index, Store


@dataclass(frozen=True, slots=True)
class Thing:
    """Stands under each of its tags, there in its group."""

    key: str
    tags: tuple[str, ...]
    group: str


TAGGED = Index("tag", lambda thing: thing.tags)
GROUPED = Index("grouped", lambda thing: thing.tags, lambda thing: thing.group)
INDEXES: dict[type, tuple[Index, ...]] = {Thing: (TAGGED, GROUPED)}
TAGS, GROUPS = ("red", "blue"), ("g", "h")
THINGS = st.builds(
    Thing,
    st.sampled_from(["a", "b", "c"]),
    st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
    st.sampled_from(GROUPS),
)


def answers(store: Store) -> dict[tuple[Any, ...], Any]:
    """What every question that can be asked is answered with."""
    found: dict[tuple[Any, ...], Any] = {("get", Thing, key): store.get(Thing, key) for key in "abc"}
    for index in ("tag", "grouped"):
        for tag in TAGS:
            members = set(store.where(Thing, index, tag))
            assert store.count(Thing, index, tag) == len(members)
            found["where", Thing, index, tag] = members
            found["groups", Thing, index, tag] = store.groups(Thing, index, tag)
    return found


@given(st.lists(st.one_of(THINGS, st.sampled_from(["a", "b", "c"])), max_size=12))
def test_a_change_is_told_to_whom_it_concerns(changes: list[Thing | str]) -> None:
    store, things = Store(INDEXES), dict[str, Thing]()
    for change in changes:
        before, changed = answers(store), set[tuple[Any, ...]]()
        if isinstance(change, str):
            assert store.delete(Thing, change, changed) == (things.pop(change, None) is not None)
        else:
            assert store.put(cast("Any", change), changed) == (things.get(change.key) != change)
            things[change.key] = change
        after = answers(store)
        differ = {question for question in after if after[question] != before[question]}
        assert differ <= changed, "somebody would not run again"
        regrouped = {question for question in changed if question[0] == "where"}
        assert changed - regrouped <= differ, "somebody would run again for nothing"
    assert set(store.keys(Thing)) == things.keys()
    for index in ("tag", "grouped"):
        for tag in TAGS:
            assert set(store.where(Thing, index, tag)) == {key for key, thing in things.items() if tag in thing.tags}
    for tag in TAGS:
        assert store.groups(Thing, "grouped", tag) == {thing.group for thing in things.values() if tag in thing.tags}
