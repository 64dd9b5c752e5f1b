"""A world whose flows on one chassis are counted: two machines that talk, then a network of 100,000 flows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from controller.entities import Chassis, Interface, Network, Port, Project
from tests.compiled import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.entities import Entity
    from controller.flow.flow import Flow, Slot

HERE, THERE = "hv1", "hv2"
TALK, LOAD = "talk", "load"
FIRST_PORT = 1_000
PORTS = 9_000
FLOWS = 100_000
PROJECT = Project("bench", "uid-bench")


class Load:
    """What should stand on ``HERE``: the flows of two machines on OpenFlow ports 1 and 2, and more when told."""

    def __init__(self) -> None:
        self._compiler = Watched()
        machines: Iterator[Entity] = chain(*(plugged_port(TALK, number, HERE, number) for number in (1, 2)))
        base = self._compiler.turn([*_hosts(), PROJECT, network(TALK, 1), *machines])[HERE]
        self._standing = {flow.slot: flow for flow in base.new}

    def compile(self) -> tuple[Flow, ...]:
        """The flows of the large network."""
        flows = self._compiler.turn(large_network())[HERE].new
        if self._compiler.bugs or len(flows) < FLOWS:
            raise RuntimeError(f"{len(flows)} flows came out, and {self._compiler.bugs}")
        return tuple(flows[:FLOWS])

    def stand(self, flows: tuple[Flow, ...]) -> None:
        """These should stand too from now on."""
        self._standing |= {flow.slot: flow for flow in flows}

    def go(self, flows: tuple[Flow, ...]) -> None:
        """These should not stand any more."""
        for flow in flows:
            del self._standing[flow.slot]

    def flows(self, chassis: str) -> Iterator[Flow]:
        """Everything that should stand (``Bridge`` reads this)."""
        del chassis
        yield from self._standing.values()

    def at(self, chassis: str, slot: Slot) -> Flow | None:
        """What should stand in this slot."""
        del chassis
        return self._standing.get(slot)


def large_network() -> Iterator[Entity]:
    """Half of its ports here, half of them elsewhere."""
    yield network(LOAD, 2)
    for number in range(PORTS):
        yield from plugged_port(LOAD, number, THERE if number % 2 else HERE, FIRST_PORT + number)


def network(name: str, vni: int) -> Network:
    """An overlay network of project ``bench``."""
    return Network(f"bench/{name}", f"uid-{name}", "bench", name, "overlay", vni, "vxlan", 1450, ())


def plugged_port(network: str, number: int, chassis: str, ofport: int) -> tuple[Interface, Port]:
    """A port and its interface; the number makes its MAC, its IPv4 and its IPv6 address."""
    name = f"{network}-{number}"
    high, low = divmod(number, 256)
    mac, addresses = f"02:00:00:00:{high:02x}:{low:02x}", (f"10.0.{high}.{low}", f"fd00:10::{number:x}")
    interface = Interface(f"{chassis}/i{ofport}", chassis, f"i{ofport}", ofport, f"bench/{name}")
    return interface, Port(f"bench/{name}", f"uid-{name}", "bench", name, f"bench/{network}", mac, addresses)


def _hosts() -> Iterator[Chassis]:
    for number, name in enumerate((HERE, THERE), 1):
        yield Chassis(name, number, f"192.0.2.{number}", (("vxlan", 65_001),))
