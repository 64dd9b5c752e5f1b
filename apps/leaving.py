"""Leaving: what a middlebox gives back for outside goes on to its router's exit, and is translated where it would be.

So a chain's packets leave by the chassis where their answers come in, wherever the middleboxes are. What is for a
network inside does not come back by a router's MAC: it was never sent to a middlebox by that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.binding import singles
from apps.departures import inside
from apps.fabric_tables import RETURN
from apps.next_hops import destination, source
from apps.outer import out_here, out_there
from apps.pipeline import EXIT, ROUTER_IN
from controller.courses import MIDDLEBOXES, SERVICE_CHAIN, Course, Departure, Precedence, Stake
from controller.derived import Endpoint, Exit
from controller.entities import Network
from controller.flow import fields as f
from controller.flow.actions import set_field
from controller.flow.blocks import matched
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Here, Hosts, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.flow.actions import Action


def routers(leaving: Departure, view: View) -> Iterator[Flow]:
    """What a middlebox gives back for a router's MAC is that one's, unless two of the chain's routers have it."""
    kind, _, chain = leaving.course.partition(":")
    if kind != SERVICE_CHAIN or view.count(Departure, "claim", (leaving.course, leaving.mac)) > 1:
        return
    scope, number = Hosts(f"{MIDDLEBOXES}{chain}"), view.get(Precedence, leaving.course).number
    known: list[Action] = [set_field(r.NETWORK, view.get(Network, leaving.network).vni), ROUTER_IN.goto]
    both = leaving.inward and view.get(Course, leaving.course).symmetric
    for answers in [False] * leaving.outward + [True] * both:
        back: Match = {r.COURSE: Masked(r.course(number, answers=answers), r.ANY_STEP), f.ETH_DST: leaving.mac}
        yield RETURN.flow(scope, "router", back, known)
        for block in inside(leaving.router, leaving.realm, view):
            yield RETURN.flow(scope, "inside", {**back, destination(block): matched(block)}, [])


def homes(stake: Stake, view: View) -> Iterator[Flow]:
    """Where every chassis is an exit, a machine's packets leave by its own, though they come from a middlebox."""
    chains = [key for key in (*stake.sources, *stake.targets) if key.startswith(f"{SERVICE_CHAIN}:")]
    found = {one.router: one for key in chains for one in view.where(Departure, "course", key)}
    for leaving in found.values():
        if leaving.everywhere and leaving.realm == stake.realm:
            yield from _home(stake, leaving, view)


def _home(stake: Stake, leaving: Departure, view: View) -> Iterator[Flow]:
    endpoint, network = view.get(Endpoint, stake.key), view.get(Network, leaving.network)
    there = out_there(leaving.router, (network.vni, network.encap), stake.chassis, view)
    number = view.get(Exit, leaving.router).number
    for address in dict.fromkeys(singles(endpoint)):
        if view.count(Endpoint, "address", (endpoint.network, address)) > 1:
            continue
        match: Match = {r.ROUTER: number, source(address): address}
        yield EXIT.flow(Here(stake.chassis), "home_here", match, out_here(leaving.router, view))
        yield EXIT.flow(Hosts(leaving.realm), "home", match, there)
