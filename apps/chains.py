"""Service chains: packets pass middleboxes, one step after the other, before they go where they are for.

A middlebox gets frames as they are, and what it gives back by its other port goes on to the next step from there;
answers go through the same ones, the other way round. Of several instances of a step a hash of the connection picks
one, the same in both directions; what would go through one that is dead goes through another. Where a step has none
left, its packets skip it or are dropped, as the chain says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.enclosing import enclosed
from apps.fabric_tables import ARRIVAL, PATHS, RETURN
from apps.pipeline import CLASSIFY, DELIVER, DESTINATION
from apps.ways_there import BETWEEN_BRIDGES, label, tunnel_between
from controller.courses import HANDOVER, MIDDLEBOXES, SERVICE_CHAIN, Line, Middlebox, Precedence, Stake
from controller.flow import fields as f
from controller.flow.actions import copy, multipath, output_field, set_field
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Here, Hosts, Match
from controller.flow.headers import decap
from controller.links import Bearing, Heading, ServiceChain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.flow.actions import Action
    from controller.policy.derived import Post

Step = tuple[tuple[str, int] | None, ...]
"""Where each instance of a step gets packets that go one way, chassis and port; None in place of one that is dead."""
PORT_BITS = 16
VERSIONS = (0, 1)


def steps(line: Line, view: View) -> Iterator[Flow]:
    """To which middlebox packets go, from wherever they come to the step."""
    number = _number(line.key, view)
    for answers in (False, True)[: 1 + line.symmetric]:
        ahead = _ahead(line, answers=answers)
        for place in range(len(ahead)):
            yield from _step(line, ahead[place:], r.course(number, answers=answers, step=place), view)


def _ahead(line: Line, *, answers: bool) -> list[Step]:
    """The steps as packets of one direction meet them."""
    if answers:
        return [tuple(stop.outward if stop else None for stop in step) for step in reversed(line.steps)]
    return [tuple(stop.inward if stop else None for stop in step) for step in line.steps]


def _step(line: Line, ahead: list[Step], course: int, view: View) -> Iterator[Flow]:
    alive = next((step for step in ahead if any(step)), None) if line.on_failure == "bypass" else ahead[0]
    if alive is None:
        return
    places = [place for place in alive if place is not None]
    if len(alive) == 1 or len(places) <= 1:
        yield _begun(line, course, _handed(places[0], view) if places else [])
        return
    again = set_field(r.COURSE, course | r.PICKED)
    pick = multipath(len(alive), r.ENTROPY, 0, r.ENTROPY_BITS)
    yield _begun(line, course, [set_field(r.ENTROPY, 0), pick, again, PATHS.resubmit])
    for index, place in enumerate(alive):
        picked: Match = {r.COURSE: course | r.PICKED, r.ENTROPY: index}
        handed = _handed(place or places[index % len(places)], view)
        yield PATHS.flow(_scope(line, course), "step", picked, handed)


def _begun(line: Line, course: int, does: list[Action]) -> Flow:
    """A step begins: the first one where packets come from, the others where they come back."""
    match: Match = {r.COURSE: course}
    if course & r.RETURNED:
        return PATHS.flow(_scope(line, course), "step", match, does)
    return PATHS.flow(_scope(line, course), "chain", match, does)


def _scope(line: Line, course: int) -> Hosts:
    return Hosts(f"{MIDDLEBOXES}{line.key}" if course & r.RETURNED else f"{SERVICE_CHAIN}:{line.key}")


def _handed(place: tuple[str, int], view: View) -> list[Action]:
    chassis, port = place
    towards = set_field(r.TOWARDS, view.get(Bearing, chassis).number)
    return [set_field(r.VIA, r.VIA_CHAIN), towards, set_field(r.HANDOVER, port), DELIVER.goto]


def ways(post: Post, view: View) -> Iterator[Flow]:
    """How a chassis where packets of a chain are hands them to the chassis of its middleboxes."""
    chain = _chain(post.guard)
    if chain is None:
        return
    for there in view.groups(Middlebox, "chain", chain):
        match: Match = {r.LOOKUP: r.DELIVERY, r.VIA: r.VIA_CHAIN, r.TOWARDS: view.get(Bearing, there).number}
        way = _way(post.chassis, there, view)
        if way:
            yield DELIVER.flow(Here(post.chassis), "link", match, way)


def _chain(scope: str) -> str | None:
    """The chain whose packets are together on some chassis."""
    if scope.startswith(MIDDLEBOXES):
        return scope.removeprefix(MIDDLEBOXES)
    kind, _, chain = scope.partition(":")
    return chain if kind == SERVICE_CHAIN else None


def _way(here: str, there: str, view: View) -> list[Action]:
    """Out of the port itself, in a tunnel whose key names the port, or behind a header that does."""
    if here == there:
        return [output_field(r.HANDOVER)]
    tunnel = tunnel_between(here, there, view)
    if tunnel:
        return [set_field(f.TUN_ID, HANDOVER), copy(r.HANDOVER, f.TUN_ID, PORT_BITS), *tunnel]
    heading = view.find(Heading, there)
    if heading is None:
        return []
    way = set_field(f.NSH_SPI, label(view.get(Bearing, there), heading.version))
    return [enclosed(way, copy(r.HANDOVER, f.NSH_C4))]


def arrivals(box: Middlebox, view: View) -> Iterator[Flow]:
    """What another chassis sent to a middlebox's port, and nothing else, comes out of it."""
    here, bearing = Here(box.chassis), view.get(Bearing, box.chassis)
    handed: list[Action] = [set_field(r.OUT_PORT, box.ofport), DELIVER.goto]
    yield ARRIVAL.flow(here, "handover", {r.NETWORK: HANDOVER | box.ofport}, handed)
    for version in VERSIONS:
        named: Match = {**BETWEEN_BRIDGES, f.NSH_SPI: label(bearing, version), f.NSH_C4: box.ofport}
        yield ARRIVAL.flow(here, "handover", named, [decap(), decap(), *handed])


def returns(box: Middlebox, view: View) -> Iterator[Flow]:
    """What a middlebox gives back has passed its step: by which port says in which direction."""
    chain = view.get(ServiceChain, box.chain)
    if not box.outward and not chain.symmetric:
        return
    passed = box.step + 1 if box.outward else len(chain.steps) - box.step
    course = r.course(_number(box.chain, view), answers=not box.outward, step=passed)
    match: Match = {f.IN_PORT: box.ofport, f.VLAN: 0}
    yield CLASSIFY.flow(Here(box.chassis), "middlebox", match, [set_field(r.COURSE, course), RETURN.goto])


def machines(stake: Stake, view: View) -> Iterator[Flow]:
    """Of which network a frame is that comes back, by the machine that it is for; one that two may mean is nobody's."""
    for course, answers in stake.returns:
        number, chain = view.get(Precedence, course).number, course.partition(":")[2]
        back = Masked(r.course(number, answers=answers), r.ANY_STEP)
        for mac in stake.macs:
            if view.count(Stake, "claim", (course, answers, mac)) == 1:
                match: Match = {r.COURSE: back, f.ETH_DST: mac}
                known: list[Action] = [set_field(r.NETWORK, stake.vni), DESTINATION.goto]
                yield RETURN.flow(Hosts(f"{MIDDLEBOXES}{chain}"), "machine", match, known)


def _number(chain: str, view: View) -> int:
    return view.get(Precedence, f"{SERVICE_CHAIN}:{chain}").number
