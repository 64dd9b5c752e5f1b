"""Steering: packets that a service chain or a path policy speaks of leave the common way where they begin.

Only packets for ports that a course speaks of are looked at, on the chassis where a machine sent them: what has come
from another chassis goes on as it is. A path policy puts them on a track to the other chassis; where there is none they
go as all others do, or nowhere, as the policy says. Whoever may not talk to whom still cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.enclosing import enclosed
from apps.fabric_tables import PATHS, STEER
from apps.nat_tables import UN_SNAT
from apps.pipeline import DELIVER
from apps.policy_tables import INGRESS
from apps.terms import RECEIVING, SENDING, answering, ends, meeting, services
from controller.courses import PATH_POLICY, Departure, Precedence
from controller.flow import fields as f
from controller.flow.actions import copy, set_field
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Here, Hosts, Match
from controller.links import Bearing, PathPolicy
from controller.policy.values import DISCOVERY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from apps.terms import Clause
    from controller.compiler.view import View
    from controller.courses import Course
    from controller.entities import Chassis
    from controller.flow.actions import Action
    from controller.links import Placed

DELIVERY: Match = {r.LOOKUP: r.DELIVERY}
STAYS = Masked(0, r.VIA.all_ones ^ r.VIA_EXIT)
"""Of VIA: LOCALLY, or by a router whose exit is here."""
WAYS = 4
"""In which a packet may be known: each end by its identity, or by its address."""


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What is never steered: what was already, questions, ARP and neighbour discovery; and how all others go on."""
    straight: list[Action] = [set_field(r.COURSE, 0), PATHS.goto]
    yield STEER.flow(EVERYWHERE, "returned", {r.COURSE: Masked(r.RETURNED, r.RETURNED)}, [PATHS.goto])
    passing: list[Match] = [{r.LOOKUP: r.QUESTION}, {r.ORIGIN: r.FROM_TUNNEL}, {f.ETH_TYPE: f.ETH_ARP}]
    passing += [{f.ICMPV6_TYPE: kind} for kind in DISCOVERY]
    for match in passing:
        yield STEER.flow(EVERYWHERE, "passing", match, straight)
    yield STEER.flow(EVERYWHERE, "other", {}, straight)
    yield PATHS.flow(EVERYWHERE, "local", {r.VIA: r.LOCALLY}, [INGRESS.goto])
    yield PATHS.flow(EVERYWHERE, "remote", {}, [DELIVER.goto])
    out: list[Action] = [set_field(r.VIA, r.LOCALLY), set_field(r.COURSE, 0), UN_SNAT.resubmit]
    yield PATHS.flow(EVERYWHERE, "leaving", {r.VIA: r.VIA_EXIT}, out)
    along = enclosed(copy(r.TOWARDS, f.NSH_SPI, f.NSH_SPI.bits))
    yield DELIVER.flow(EVERYWHERE, "link", DELIVERY | {r.VIA: r.VIA_TRACK}, [along])


def courses(course: Course, view: View) -> Iterator[Flow]:
    """Of which packets a course speaks; where answers look the same, all go as what is answered does."""
    at = view.get(Precedence, course.key)
    yield from _directed(course, at, view, answers=False)
    if course.symmetric:
        yield from _directed(course, at, view, answers=True)


def _directed(course: Course, at: Precedence, view: View, *, answers: bool) -> Iterator[Flow]:
    named: list[Action] = [set_field(r.COURSE, r.course(at.number, answers=answers)), PATHS.goto]
    for way, clauses in enumerate(_clauses(course, view, answers=answers)):
        place = (at.place * len((False, True)) + answers) * WAYS + way
        for terms, actions in meeting(f"{course.key}|{answers}|{way}", clauses, named).items():
            yield STEER.flow(Hosts(course.key), f"/{place}", dict(terms), actions)


def _clauses(course: Course, view: View, *, answers: bool) -> Iterator[Sequence[Clause]]:
    """What a packet has to meet, in each way in which it may be known."""
    traffic, leaving = course.traffic, view.where(Departure, "course", course.key)
    senders, receivers, asked = traffic.sources, traffic.targets, traffic.services
    inward, outward = any(one.inward for one in leaving), any(one.outward for one in leaving)
    if answers:
        senders, receivers, asked = receivers, senders, tuple(map(answering, asked))
        inward, outward = outward, inward
    what = services(asked, pieces=course.chain)
    for sender in ends(senders, course.project, SENDING, view, outside=inward):
        for receiver in ends(receivers, course.project, RECEIVING, view, outside=outward):
            yield (*sender, *receiver, what)


def refusals(policy: PathPolicy, view: View) -> Iterator[Flow]:
    """Of a policy that wants its path or nothing: what no track was found for, or not yet, goes nowhere."""
    if policy.on_no_path == "drop":
        course = f"{PATH_POLICY}:{policy.key}"
        yield PATHS.flow(Hosts(course), "refused", {r.COURSE: r.course(view.get(Precedence, course).number)}, [])


def placements(placed: Placed, view: View) -> Iterator[Flow]:
    """The packets of a policy for one chassis take the track that was found for them.

    What stays on a chassis is recognised by that, since it is for no other.
    """
    stays = placed.source == placed.target
    if not placed.track and not (stays and placed.otherwise == "drop"):
        return
    number = view.get(Precedence, f"{PATH_POLICY}:{placed.policy}").number
    along: list[Action] = [set_field(r.VIA, r.VIA_TRACK), set_field(r.TOWARDS, placed.track), DELIVER.goto]
    spoken: Match = {r.COURSE: r.course(number)}
    if stays:
        way = along if placed.track else []
        yield PATHS.flow(Here(placed.source), "round", {**spoken, r.VIA: STAYS}, way)
        return
    spoken[r.TOWARDS] = view.get(Bearing, placed.target).number
    yield PATHS.flow(Here(placed.source), "track", spoken, along)
