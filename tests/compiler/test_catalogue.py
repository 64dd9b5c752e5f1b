"""The catalogue gives every place one flow, whoever asks for it and in whatever order."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from controller.compiler.catalogue import Catalogue, Delta
from controller.compiler.engine import Node
from controller.flow.actions import instructions, output
from controller.flow.flow import EVERYWHERE, Flow, Here, Hosts, cookie

if TYPE_CHECKING:
    from controller.errors import Bug
    from controller.flow.flow import Scope

HERE = Here("hv1")
A, B, C = (Node(0, name) for name in "abc")


def flow(match: bytes, port: int, scope: Scope = HERE) -> Flow:
    """A flow of table 1 whose slot is told by ``match`` and whose content by ``port``."""
    does = instructions((output(port),))
    return Flow(scope, 1, 1, match, does, cookie(1, 1, match, does))


@pytest.fixture
def bugs() -> list[Bug]:
    return []


@pytest.fixture
def catalogue(bugs: list[Bug]) -> Catalogue:
    return Catalogue(bugs.append)


def added(catalogue: Catalogue, *wanted: tuple[Flow, Node]) -> dict[str, Delta]:
    return catalogue.turn((), wanted, (), ())


def removed(catalogue: Catalogue, *wanted: tuple[Flow, Node]) -> dict[str, Delta]:
    return catalogue.turn(wanted, (), (), ())


def test_a_flow_that_two_ask_for_goes_with_the_second(catalogue: Catalogue) -> None:
    wanted = flow(b"x", 1)
    assert added(catalogue, (wanted, A), (wanted, B)) == {"hv1": Delta(new=[wanted])}
    assert removed(catalogue, (wanted, A)) == {}
    assert catalogue.owners(wanted) == (B,)
    assert removed(catalogue, (wanted, B)) == {"hv1": Delta(gone=[wanted])}
    assert list(catalogue.flows("hv1")) == []


def test_a_flow_of_another_content_in_the_same_place_is_a_change(catalogue: Catalogue) -> None:
    old, new = flow(b"x", 1), flow(b"x", 2)
    added(catalogue, (old, A))
    assert catalogue.turn([(old, A)], [(new, A)], (), ()) == {"hv1": Delta(changed=[new])}


def test_a_flow_that_changes_hands_stays(catalogue: Catalogue) -> None:
    wanted = flow(b"x", 1)
    added(catalogue, (wanted, A))
    assert catalogue.turn([(wanted, A)], [(wanted, B)], (), ()) == {}
    assert catalogue.owners(wanted) == (B,)


@pytest.mark.parametrize("order", list(permutations([(flow(b"x", 3), A), (flow(b"x", 2), B), (flow(b"x", 1), C)])))
def test_whoever_comes_first_the_first_by_name_has_a_contested_place(
    catalogue: Catalogue, bugs: list[Bug], order: tuple[tuple[Flow, Node], ...]
) -> None:
    for wanted in order:
        added(catalogue, wanted)
    assert list(catalogue.flows("hv1")) == [flow(b"x", 3)]
    assert len(bugs) == 2


def test_a_contested_place_goes_to_who_waits_for_it(catalogue: Catalogue) -> None:
    first, second = flow(b"x", 1), flow(b"x", 2)
    added(catalogue, (first, A), (second, B))
    assert removed(catalogue, (first, A)) == {"hv1": Delta(changed=[second])}
    assert catalogue.owners(second) == (B,)


def test_who_waits_and_gives_up_is_forgotten(catalogue: Catalogue) -> None:
    first, second = flow(b"x", 1), flow(b"x", 2)
    added(catalogue, (first, A), (second, B))
    assert removed(catalogue, (second, B)) == {}
    assert removed(catalogue, (first, A)) == {"hv1": Delta(gone=[first])}


def test_a_place_that_changes_hands_twice_in_a_turn_holds_the_last(catalogue: Catalogue) -> None:
    old, late, early = flow(b"x", 1), flow(b"x", 2), flow(b"x", 3)
    added(catalogue, (old, B))
    deltas = catalogue.turn([(old, B)], [(late, B), (early, A)], (), ())
    assert deltas == {"hv1": Delta(changed=[early])}


def test_flows_whose_cookies_collide_are_told_apart_until_both_are_gone(catalogue: Catalogue) -> None:
    first = flow(b"x", 1)
    second = Flow(HERE, 1, 1, b"y", instructions((output(2),)), first.cookie)
    added(catalogue, (first, A), (second, B))
    cookies = {flow.match: flow.cookie for flow in catalogue.flows("hv1")}
    assert cookies[b"x"] == first.cookie != cookies[b"y"]
    (gone,) = removed(catalogue, (second, B))["hv1"].gone
    assert (gone.match, gone.cookie) == (b"y", cookies[b"y"])
    assert list(catalogue.flows("hv1")) == [first]


def test_who_joins_gets_everything_and_who_leaves_gives_it_up(catalogue: Catalogue) -> None:
    shared, everywhere = flow(b"x", 1, Hosts("acme/web")), flow(b"y", 1, EVERYWHERE)
    added(catalogue, (shared, A), (everywhere, A))
    membership = (Hosts("acme/web"), "hv1")
    assert catalogue.turn((), (), (), [membership]) == {"hv1": Delta(new=[shared])}
    assert catalogue.turn((), (), (), [(EVERYWHERE, "hv1")]) == {"hv1": Delta(new=[everywhere])}
    assert catalogue.count("hv1") == 2
    assert catalogue.turn((), (), [membership], ()) == {"hv1": Delta(gone=[shared])}


def test_who_is_there_already_gets_nothing_by_joining(catalogue: Catalogue) -> None:
    shared = flow(b"x", 1, EVERYWHERE)
    catalogue.turn((), [(shared, A)], (), [(EVERYWHERE, "hv1")])
    assert catalogue.turn((), (), (), [(EVERYWHERE, "hv1")]) == {}


def test_who_was_never_there_leaves_nothing(catalogue: Catalogue) -> None:
    added(catalogue, (flow(b"x", 1, EVERYWHERE), A))
    assert catalogue.turn((), (), [(EVERYWHERE, "hv1")], ()) == {}


def test_who_joins_and_is_given_a_new_flow_gets_it_once(catalogue: Catalogue) -> None:
    old, new = flow(b"x", 1, EVERYWHERE), flow(b"x", 2, EVERYWHERE)
    added(catalogue, (old, A))
    deltas = catalogue.turn([(old, A)], [(new, A)], (), [(EVERYWHERE, "hv1")])
    assert deltas == {"hv1": Delta(new=[new])}


def test_a_flow_is_found_by_cookie_and_by_place(catalogue: Catalogue) -> None:
    wanted = flow(b"x", 1)
    added(catalogue, (wanted, A))
    assert catalogue.find("hv1", wanted.cookie) == wanted == catalogue.at("hv1", wanted.slot)
    assert catalogue.find("hv2", wanted.cookie) is None is catalogue.at("hv2", wanted.slot)
    assert catalogue.find("hv1", 1) is None is catalogue.at("hv1", flow(b"y", 1).slot)
