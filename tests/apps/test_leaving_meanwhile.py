"""While chains come, change and go, what leaves by a router does so once, whichever switch has heard of it yet."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from controller.links import ServiceChain
from controller.sync import steps
from tests.compiled import ModelSwitch, compiled
from tests.interpreter import DataPlane
from tests.outward_worlds import ANYWHERE, BROWSERS, BROWSING, SEGMENT, SERVER, out, outward_world
from tests.packets import tcp
from tests.steered_worlds import chain
from tests.walk import Bridge
from tests.worlds import mac

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worlds import Key, World

CHANGES: tuple[tuple[list[ServiceChain], list[Key]], ...] = (
    ([chain(["fw"], sources=(BROWSERS,), targets=ANYWHERE, services=())], []),
    ([chain(["dpi"], ["ids"], sources=(BROWSERS,), targets=ANYWHERE, services=())], []),
    ([], [(ServiceChain, "acme/guarded")]),
)
SENT = {
    sender: tcp(mac(number), router, address, SERVER)
    for sender, (number, address, router) in BROWSING.items()
    if sender != "acme/nat-1"
}


class Switches:
    """The hosts of a world as switches that take one step after the other."""

    def __init__(self, world: World) -> None:
        self._known = compiled(world)
        self._held = {name: ModelSwitch() for name in ("hv1", "hv2", "hv3")}
        self.plane = DataPlane(world)
        for name, switch in self._held.items():
            for flow in self._known.catalogue.flows(name):
                switch.put(flow)

    def changes(self, number: int, puts: list[ServiceChain], deletes: list[Key], chance: Random) -> Iterator[str]:
        """A change, phase by phase and in each in any order; who has just taken a step."""
        plan = steps(number, self._known.turn(puts, deletes))
        for phase in range(3):
            due = [(name, one) for name, found in plan.items() for one in found if one.phase == phase]
            chance.shuffle(due)
            for name, one in due:
                for flow in one.puts:
                    self._held[name].put(flow)
                for flow in one.deletes:
                    self._held[name].delete(flow)
                self.plane.holds({name: Bridge(self._held[name].table.values())})
                yield name


@pytest.mark.parametrize("seed", range(4))
def test_while_a_chain_comes_changes_and_goes_packets_leave_once_after_each_step_of_each_switch(seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # a test that repeats itself
    switches = Switches(outward_world())
    for number, (puts, deletes) in enumerate(CHANGES, 1):
        for _ in switches.changes(number, puts, deletes, chance):
            for sender, sent in SENT.items():
                assert out(switches.plane, sender, sent).names[-1:] == [SEGMENT]
