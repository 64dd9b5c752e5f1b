"""Protection: a backup that shares nothing with the path, and a way round whatever fails on it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.links import TRACKS, Wanted, link_name
from tests.topology.grounds import drawn, grounds, questions
from topology.map import Map
from topology.paths import Question, best, bridges
from topology.protect import Protected, leaving_room, protecting
from topology.steps import finished
from topology.tracks import Numbers, laid, pieces

RING = ("s1-s2", "s2-s3", "s3-s4", "s4-s1")
TRAP = ("s-a", "a-b", "b-t", "s-c", "c-d", "d-b", "a-e", "e-f", "f-t", "A-a", "A-B")
"""The shortest path from s to t leaves no room for another; A and B are a blind alley."""


def found(ground: Map, question: Question, *, strict: bool = False) -> Protected:
    path = bridges(ground, question)
    assert path is not None
    roomy = finished(leaving_room(ground, question, path))
    return finished(protecting(ground, question, roomy, strict=strict))


def links(path: tuple[str, ...]) -> set[str]:
    return {link_name(one, other) for one, other in pairwise(path)}


def test_a_path_has_a_backup_apart_from_it_and_a_way_round_each_step() -> None:
    got = found(drawn(*RING), Question("s1", "s3", Wanted(protection="link")))
    assert got.path == ("s1", "s2", "s3")
    assert got.backup == ("s1", "s4", "s3")
    assert got.detours == (("s1", "s4", "s3"), ("s2", "s1", "s4", "s3"))
    assert got.gaps == got.lapses == ()


def test_with_nothing_to_protect_there_is_nothing_laid() -> None:
    assert found(drawn(*RING), Question("s1", "s3")) == Protected(("s1", "s2", "s3"))


def test_where_the_shortest_path_leaves_no_room_two_others_are_taken() -> None:
    for protection in ("link", "node"):
        got = found(drawn(*TRAP), Question("s", "t", Wanted(protection=protection)))
        assert best(drawn(*TRAP), Question("s", "t")).path.hops == 3  # type: ignore[union-attr]
        assert {got.path, got.backup} == {("s", "c", "d", "b", "t"), ("s", "a", "e", "f", "t")}


def test_room_is_left_within_limits_and_by_waypoints_too() -> None:
    ground = drawn(*TRAP)
    limited = found(ground, Question("s", "t", Wanted(protection="link", max_hops=4)))
    assert not links(limited.path) & links(limited.backup)
    met = found(ground, Question("s", "t", Wanted(protection="link", via=("b",))))
    assert "b" in met.path
    assert "b" in met.backup
    assert not links(met.path) & links(met.backup)


def test_a_bridge_that_everything_passes_cannot_be_spared_and_it_is_said() -> None:
    ground = drawn("s1-s2", "s2-s3", "s1-s4", "s4-s2", "s3-s5", "s5-s2")
    got = found(ground, Question("s1", "s3", Wanted(protection="node")))
    assert got.path == ("s1", "s2", "s3")
    assert got.detours[0] == ("s1", "s4", "s2", "s3")
    assert got.gaps == ("if s2 itself fails, there is no way round it from s1",)
    assert got.backup == ("s1", "s4", "s2", "s5", "s3")


def test_a_link_that_everything_passes_leaves_a_gap() -> None:
    ground = drawn("s1-s2", "s2-s3", "s3-s4", "s4-s2")
    got = found(ground, Question("s1", "s3", Wanted(protection="link")))
    assert got.gaps == ("there is no way round the link from s1 to s2",)
    assert got.backup == ("s1", "s2", "s4", "s3")


def test_limits_lapse_on_a_detour_unless_nothing_may_be_beyond_them() -> None:
    question = Question("s1", "s3", Wanted(protection="link", max_hops=2))
    ground = drawn("s1-s2", "s2-s3", "s3-s4", "s4-s5", "s5-s1")
    lax, strict = found(ground, question), found(ground, question, strict=True)
    assert lax.detours[0] == ("s1", "s5", "s4", "s3")
    assert lax.lapses[0] == "the way round the link from s1 to s2 is beyond the limits"
    assert strict.detours == ((), ())
    assert strict.backup == ()


@settings(max_examples=80)
@given(grounds(), questions(), st.sampled_from(("link", "node")), st.booleans())
def test_detours_go_round_what_fails_and_meet_what_is_ahead_and_nothing_to_be_avoided(
    ground: Map,
    question: Question,
    protection: str,
    strict: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    question = replace(question, wanted=replace(question.wanted, protection=protection))  # type: ignore[arg-type]
    if bridges(ground, question) is None:
        return
    got = found(ground, question, strict=strict)
    assert len(got.detours) == len(got.path) - 1
    wanted = question.wanted
    for step, detour in enumerate(got.detours):
        here, ahead = got.path[step], got.path[step + 1]
        if not detour:
            assert got.gaps
            continue
        assert (detour[0], detour[-1]) == (here, question.target)
        assert link_name(here, ahead) not in links(detour)
        assert not set(detour) & set(wanted.avoid_bridges)
        ahead_of_it = iter((*got.path[: step + 1], *detour[1:]))
        assert all(name in ahead_of_it for name in wanted.via)
        spared = protection == "node" and ahead != question.target and ahead not in wanted.via
        assert not spared or got.gaps or ahead not in detour
        whole = (*got.path[:step], *detour)
        assert wanted.max_hops is None or len(whole) - 1 <= wanted.max_hops or (got.lapses and not strict)
    assert not got.backup or got.backup != got.path


def test_tracks_are_numbered_by_what_they_are() -> None:
    one, other = Numbers(), Numbers()
    first = laid(one, ("s1", "s2", "s3"), (("s1", "s4", "s3"), ()))
    laid(other, ("s7", "s8"))
    assert laid(other, ("s1", "s2", "s3"), (("s1", "s4", "s3"), ())) == first
    assert all(
        track.number >= TRACKS and track.number < 2 * TRACKS and track.key == str(track.number) for track in first
    )
    assert first[0].detours == (first[1].number, 0)
    assert laid(one, ("s1", "s2", "s3"))[0].number != first[0].number


def test_a_number_that_another_track_has_is_passed_over_and_free_again_when_that_is_gone() -> None:
    numbers = Numbers()
    mine = laid(numbers, ("s1", "s2"))[0]
    others = Numbers()
    others.take([replace(mine, bridges=("s8", "s9"))])
    moved = laid(others, ("s1", "s2"))[0]
    assert moved.number != mine.number
    others.keep(())
    assert laid(others, ("s1", "s2"))[0] == mine


def test_a_path_that_meets_a_bridge_twice_is_laid_in_pieces_that_follow_each_other() -> None:
    path = ("s1", "s2", "s9", "s2", "s4")
    assert pieces(path) == [(0, 2), (2, 4)]
    first, second, aside = laid(Numbers(), path, ((), (), (), ("s2", "s3", "s4")))
    assert (first.bridges, first.then, second.bridges, second.then) == (path[:3], second.number, path[2:], 0)
    assert (first.detours, second.detours) == ((0, 0), (0, aside.number))


@given(st.lists(st.sampled_from("abcde"), min_size=2, max_size=12))
def test_pieces_join_to_the_path_and_none_meets_a_bridge_twice(letters: list[str]) -> None:
    path = [letter for at, letter in enumerate(letters) if not at or letters[at - 1] != letter]
    cut = pieces(path)
    assert cut[0][0] == 0
    assert cut[-1][1] == len(path) - 1
    assert all(one[1] == other[0] for one, other in pairwise(cut))
    assert all(len(set(path[begin : end + 1])) == end + 1 - begin for begin, end in cut)
