"""Compilers with one defect each, of the kinds that incremental compilers have; the tests must tell them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.compiler import catalogue, engine
from controller.compiler.catalogue import Catalogue, Delta
from controller.compiler.compiler import Compiler
from controller.compiler.engine import Engine
from controller.compiler.readers import Readers
from controller.compiler.sharing import Givers
from controller.compiler.view import Missing, View
from controller.derived import Audience
from controller.entities import Chassis
from controller.policy.derived import Post
from controller.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    Defect = Callable[[pytest.MonkeyPatch], None]

REAL_ENGINE, REAL_CATALOGUE = dict(vars(Engine)), dict(vars(Catalogue))
REAL_READERS, REAL_VIEW = dict(vars(Readers)), dict(vars(View))
REAL_STORE, REAL_COMPILER = dict(vars(Store)), dict(vars(Compiler))


def _deaf_to(word: str) -> Callable[..., None]:
    """Readers' ``add`` that does not remember one sort of question."""

    def add(self: Readers, node: Any, reads: Iterable[Any]) -> None:
        REAL_READERS["add"](self, node, {read for read in reads if read[0] != word})

    return add


def forgets_who_asked_for_an_entity(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Readers, "add", _deaf_to("get"))


def forgets_who_asked_for_members(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Readers, "add", _deaf_to("where"))


def forgets_who_asked_for_groups(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Readers, "add", _deaf_to("groups"))


def never_forgets_a_reader(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Readers, "drop", lambda *_: None)


def forgets_all_readers_with_one(patch: pytest.MonkeyPatch) -> None:
    def drop(self: Any, _node: Any, reads: Iterable[Any]) -> None:
        for read in reads:
            self._nodes.pop(read, None)

    patch.setattr(Readers, "drop", drop)


def remembers_one_reader_only(patch: pytest.MonkeyPatch) -> None:
    def add(self: Any, node: Any, reads: Iterable[Any]) -> None:
        self._nodes.update(dict.fromkeys(reads, node))

    patch.setattr(Readers, "add", add)


def stops_the_wave_at_the_first_relation(patch: pytest.MonkeyPatch) -> None:
    def relate(self: Any, node: Any) -> set[Any]:
        changed: set[Any] = REAL_ENGINE["_relate"](self, node)
        return changed if node.rule == 0 else set()

    patch.setattr(Engine, "_relate", relate)


def tells_relations_but_not_features(patch: pytest.MonkeyPatch) -> None:
    def translate(self: Any, node: Any, outcome: Any) -> None:
        if node not in self._fragments:
            REAL_ENGINE["_translate"](self, node, outcome)

    patch.setattr(Engine, "_translate", translate)


def keeps_rows_that_are_no_longer_derived(patch: pytest.MonkeyPatch) -> None:
    def relate(self: Any, node: Any) -> set[Any]:
        deleted, self._store.delete = self._store.delete, lambda *_: False
        try:
            return REAL_ENGINE["_relate"](self, node)  # type: ignore[no-any-return]
        finally:
            self._store.delete = deleted

    patch.setattr(Engine, "_relate", relate)


def ignores_deletes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Engine, "run", lambda self, puts, _deletes: REAL_ENGINE["run"](self, puts, ()))


def takes_one_put_of_a_turn(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Engine, "run", lambda self, puts, deletes: REAL_ENGINE["run"](self, list(puts)[:1], deletes))


def keeps_the_flows_of_a_missing_referent(patch: pytest.MonkeyPatch) -> None:
    def get(self: View, kind: type, key: str) -> Any:
        found = self.find(kind, key)
        if found is None:
            self.reads.discard(("get", kind, key))
            raise Missing(key)
        return found

    patch.setattr(View, "get", get)


def removes_a_shared_flow_with_its_first_owner(patch: pytest.MonkeyPatch) -> None:
    def remove(self: Any, flow: Any, node: Any) -> Any:
        self._owners[flow.scope, flow.cookie] = (node,)
        return REAL_CATALOGUE["_remove"](self, flow, node)

    patch.setattr(Catalogue, "_remove", remove)


def adds_what_stands_already(patch: pytest.MonkeyPatch) -> None:
    def add(self: Any, flow: Any, node: Any) -> Any:
        REAL_CATALOGUE["_add"](self, flow, node)
        return flow

    patch.setattr(Catalogue, "_add", add)


def _turn_with(patch: pytest.MonkeyPatch, choose: Callable[..., tuple[Any, ...]]) -> None:
    patch.setattr(Catalogue, "turn", lambda self, *parts: REAL_CATALOGUE["turn"](self, *choose(*parts)))


def ignores_who_joins(patch: pytest.MonkeyPatch) -> None:
    _turn_with(patch, lambda removed, added, left, joined: (removed, added, left, joined if added == [] else []))


def ignores_who_leaves(patch: pytest.MonkeyPatch) -> None:
    _turn_with(patch, lambda removed, added, _left, joined: (removed, added, [], joined))


def joins_everybody_before_the_flows_change(patch: pytest.MonkeyPatch) -> None:
    def turn(self: Any, removed: Any, added: Any, left: Any, joined: Any) -> dict[str, Delta]:
        first: dict[str, Delta] = REAL_CATALOGUE["turn"](self, (), (), left, joined)
        first |= REAL_CATALOGUE["turn"](self, removed, added, (), ())
        return first

    patch.setattr(Catalogue, "turn", turn)


def adds_before_it_removes(patch: pytest.MonkeyPatch) -> None:
    def turn(self: Any, removed: Any, added: Any, left: Any, joined: Any) -> dict[str, Delta]:
        first: dict[str, Delta] = REAL_CATALOGUE["turn"](self, (), added, left, joined)
        first |= REAL_CATALOGUE["turn"](self, removed, (), (), ())
        return first

    patch.setattr(Catalogue, "turn", turn)


def deletes_what_it_replaces(patch: pytest.MonkeyPatch) -> None:
    def delta(plus: dict[int, Any], minus: dict[int, Any]) -> Delta | None:
        new = [flow for cookie, flow in plus.items() if cookie not in minus]
        gone = [flow for cookie, flow in minus.items() if cookie not in plus]
        return Delta(new, [], gone) if new or gone else None

    patch.setattr(catalogue, "_delta", delta)


def sends_again_what_stands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_distinct", lambda flows: {(flow.scope, flow.cookie, id(flow)): flow for flow in flows})


def _without(patch: pytest.MonkeyPatch, kind: type) -> None:
    def memberships(self: Any, outcome: Any) -> Any:
        outcome.changed = {read for read in outcome.changed if read[1] is not kind}
        return REAL_COMPILER["_memberships"](self, outcome)

    patch.setattr(Compiler, "_memberships", memberships)


def does_not_see_hosts_come_and_go(patch: pytest.MonkeyPatch) -> None:
    _without(patch, Chassis)


def does_not_see_realms_come_and_go(patch: pytest.MonkeyPatch) -> None:
    _without(patch, Audience)


def does_not_see_guards_come_and_go(patch: pytest.MonkeyPatch) -> None:
    _without(patch, Post)


def forgets_a_guard_s_other_policies(patch: pytest.MonkeyPatch) -> None:
    def where(self: Any, kind: type, index: str, value: Any) -> list[Any]:
        found: list[Any] = REAL_VIEW["where"](self, kind, index, value)
        for one in found[1:]:
            self.reads.discard(("get", kind, one.key))
        return found

    patch.setattr(View, "where", where)


def takes_a_shared_row_away_with_its_first_giver(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Givers, "turn", lambda _self, _relation, before, after: set(before).difference(after))


def never_takes_a_shared_row_away(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Givers, "turn", lambda *_: set())


def counts_a_group_once(patch: pytest.MonkeyPatch) -> None:
    def leave(self: Any, place: Any, key: str, group: str | None, changed: set[Any]) -> None:
        REAL_STORE["_leave"](self, place, key, group, changed)
        if group is not None and place in self._members:
            self._members[place].groups.pop(group, None)

    patch.setattr(Store, "_leave", leave)


def leaves_no_word_of_an_index(patch: pytest.MonkeyPatch) -> None:
    def enter(self: Any, place: Any, key: str, group: str | None, _changed: set[Any]) -> None:
        REAL_STORE["_enter"](self, place, key, group, set())

    patch.setattr(Store, "_enter", enter)


BROKEN: tuple[Defect, ...] = (
    forgets_who_asked_for_an_entity,
    forgets_who_asked_for_members,
    forgets_who_asked_for_groups,
    never_forgets_a_reader,
    forgets_all_readers_with_one,
    remembers_one_reader_only,
    stops_the_wave_at_the_first_relation,
    tells_relations_but_not_features,
    keeps_rows_that_are_no_longer_derived,
    ignores_deletes,
    takes_one_put_of_a_turn,
    keeps_the_flows_of_a_missing_referent,
    removes_a_shared_flow_with_its_first_owner,
    adds_what_stands_already,
    ignores_who_joins,
    ignores_who_leaves,
    joins_everybody_before_the_flows_change,
    adds_before_it_removes,
    deletes_what_it_replaces,
    sends_again_what_stands,
    does_not_see_hosts_come_and_go,
    does_not_see_realms_come_and_go,
    counts_a_group_once,
    leaves_no_word_of_an_index,
)
BROKEN_OF_POLICIES: tuple[Defect, ...] = (
    does_not_see_guards_come_and_go,
    forgets_a_guard_s_other_policies,
    takes_a_shared_row_away_with_its_first_giver,
    never_takes_a_shared_row_away,
)
"""What shows only where there are policies."""
