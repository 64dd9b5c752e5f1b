"""Tracks: steered frames follow given bridges, one flow on each of them, and go round what fails by themselves.

Each bridge of a track sends what names it by the first wire to the next bridge that is alive. Where none is, the frame
goes on along another track, which was made for that. The switch does that alone; nobody is asked.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from apps.fabric_tables import ARRIVAL, FABRIC
from apps.pipeline import ROUTER_IN
from apps.ways_there import BETWEEN_BRIDGES, across, unwrapped
from controller.flow import fields as f
from controller.flow.actions import set_field
from controller.flow.flow import Flow, Here, Match
from controller.flow.groups import Bucket, failover, group, select
from controller.flow.headers import dec_nsh_ttl
from controller.links import Bearing, Track
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.flow.actions import Action


def steps(track: Track, view: View) -> Iterator[Flow]:
    """One flow on each bridge but the last."""
    named: Match = {f.ETH_TYPE: f.ETH_NSH, f.NSH_SPI: track.number}
    for (here, then), detour in zip(pairwise(track.bridges), track.detours, strict=True):
        onward = _onward(here, across(here, then, view), _round(here, detour, view), view)
        if onward:
            yield FABRIC.flow(Here(here), "track", named, [dec_nsh_ttl(), *onward])


def ends(track: Track, _view: View) -> Iterator[Flow]:
    """At the last bridge a frame loses its header, or begins the track that follows, which may lead back."""
    last = Here(track.bridges[-1])
    named: Match = {**BETWEEN_BRIDGES, f.NSH_SPI: track.number}
    further: list[Action] = [set_field(f.IN_PORT, 0), set_field(f.NSH_SPI, track.then), FABRIC.goto]
    yield ARRIVAL.flow(last, "here", named, further if track.then else [*unwrapped(), ROUTER_IN.goto])


def _onward(here: str, ways: list[Bucket], detours: list[Bucket], view: View) -> list[Action]:
    """By the first way that is alive; shared out over all where there is no detour, and so none is the first."""
    match ways, detours:
        case [], []:
            return []
        case ([only], []) | ([], [only]) | ([Bucket(watch=None) as only], _):
            return [*only.actions]
        case _, []:
            return [group(select(tuple(ways), view.get(Bearing, here).number))]
    return [group(failover((*ways, *detours)))]


def _round(here: str, detour: int, view: View) -> list[Bucket]:
    """What leads round from a bridge, as long as a wire is alive by which that begins; back, if need be."""
    turned = (set_field(f.IN_PORT, 0), set_field(f.NSH_SPI, detour), FABRIC.resubmit)
    found = view.where(Track, "number", detour) if detour else []
    beginnings = [then for other in found for at, then in pairwise(other.bridges) if at == here]
    ways = [way for then in beginnings for way in across(here, then, view)]
    return [Bucket(way.watch, turned) for way in ways if way.watch is not None]


INDEXES: dict[type, tuple[Index, ...]] = {Track: (Index("number", lambda track: (track.number,)),)}
