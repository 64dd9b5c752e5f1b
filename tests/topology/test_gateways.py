"""Who carries a router's external traffic: one chassis until it is known to be gone, through restarts of ours too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import election, gateways
from controller.entities import Chassis, External, Network, Router, Seat
from controller.gateways import Gateways
from controller.inventory import Inventory, News
from controller.store import Store
from ovsdb.rows import ChassisRow, InterfaceRow, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.entities import Entity
    from ovsdb.rows import Liveness

OUTER = Network("acme/out", "u", "acme", "out", "bridged", 9, "vxlan", 1500, (), physical_network="outer")
EDGE = Router("acme/edge", "u", "acme", "edge", 1, 8, "02:00:00:00:00:01", (), External("acme/out", ("192.0.2.10",)))
NAMES = ("gw1", "gw2", "gw3")


def gateway(name: str, *, labelled: bool = True) -> Chassis:
    return Chassis(name, 1, f"198.19.0.{name[-1]}", (), (("outer", 7),), labelled)


@dataclass
class Hub:
    """Greenlets that run when a test lets the time pass."""

    waiting: list[Callable[[], None]] = field(default_factory=list)

    def spawn(self, call: Callable[[], None]) -> None:
        self.waiting.append(call)

    def sleep(self, _seconds: float) -> None:
        return


class World:
    """A store and hosts in reach, with gateways that follow them."""

    def __init__(self, intent: tuple[Entity, ...] = (), recalled: tuple[Entity, ...] = ()) -> None:
        self.inventory = Inventory()
        self.core = SimpleNamespace(compiler=SimpleNamespace(store=Store({})), bridges={})
        self.hub = Hub()
        self.news: list[News] = []
        self.gateways = Gateways(self.core, self.inventory, self.hub, self.news.append, lambda *_: None)  # type: ignore[arg-type]
        self.gateways.recall(recalled)
        self.put(*intent)
        self.put(*recalled)

    def put(self, *entities: Entity) -> None:
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.core.compiler.store.put(entity, changed)
        self.gateways.compiled(changed)

    def delete(self, kind: type, key: str) -> None:
        changed: set[tuple[Any, ...]] = set()
        self.core.compiler.store.delete(kind, key, changed)
        self.gateways.compiled(changed)

    def join(self, *chassis: str) -> None:
        for name in chassis:
            self.inventory.host(ChassisRow(name, name, None, "netdev", None, "3.1"))
            self.switch(name, connection=object())

    def switch(self, chassis: str, connection: object | None) -> None:
        self.core.bridges[chassis] = SimpleNamespace(connection=connection)
        self.gateways.settled(chassis)

    def says(self, witness: str, **words: Liveness) -> None:
        rows = [InterfaceRow(f"nlb-{peer}", 1, "vxlan", None, None, watch=Watch(peer, w)) for peer, w in words.items()]
        self.gateways.heard(witness, tuple(rows), (), whole=False)

    @property
    def seats(self) -> dict[str, str]:
        """What was told, all taken together."""
        held: dict[str, str] = {}
        for news in self.news:
            for _, key in news.deletes:
                held.pop(key)
            held |= {seat.key: seat.chassis for seat in news.puts if isinstance(seat, Seat)}
        return held


def two_gateways() -> tuple[World, str, str]:
    """A world with a router; the gateway that carries it, and the other."""
    world = World()
    world.join("hv1", *NAMES[:2])
    world.put(OUTER, EDGE, Chassis("hv1", 3), gateway("gw1"), gateway("gw2"))
    seat = world.seats["acme/edge"]
    return world, seat, "gw2" if seat == "gw1" else "gw1"


def test_a_router_is_carried_by_a_gateway_and_by_nobody_when_it_is_gone() -> None:
    world, seat, _ = two_gateways()
    assert seat in NAMES
    world.delete(Router, "acme/edge")
    assert world.seats == {}


@pytest.mark.parametrize(
    "router", [replace(EDGE, external=None), replace(EDGE, external=External("acme/in", ("10.0.0.1",)))]
)
def test_a_router_that_leaves_by_no_segment_needs_nobody(router: Router) -> None:
    world, _, _ = two_gateways()
    world.put(replace(OUTER, key="acme/in", mode="nat", physical_network=None), router)
    assert world.seats == {}


def test_routers_are_spread_over_gateways() -> None:
    world = World()
    world.put(OUTER, *(gateway(name) for name in NAMES), *(replace(EDGE, key=f"acme/r{n}") for n in range(90)))
    counts = [list(world.seats.values()).count(name) for name in NAMES]
    assert min(counts) > 15


def test_only_labelled_gateways_carry_if_there_are_any() -> None:
    world = World()
    world.put(OUTER, EDGE, gateway("gw1", labelled=False), gateway("gw2"))
    assert world.seats == {"acme/edge": "gw2"}
    world = World()
    world.put(OUTER, EDGE, gateway("gw1", labelled=False), Chassis("gw2", 2, gateway=True))
    assert world.seats == {"acme/edge": "gw1"}


def test_a_gateway_that_falls_silent_is_replaced_at_once_and_its_return_changes_nothing() -> None:
    world, seat, other = two_gateways()
    world.says("hv1", gw1="up", gw2="up")
    world.says("hv1", **{seat: "down"})
    assert world.seats == {"acme/edge": other}
    world.says("hv1", **{seat: "up"})
    assert world.seats == {"acme/edge": other}


def test_a_gateway_that_anybody_hears_stays() -> None:
    world, seat, other = two_gateways()
    world.says("hv1", **{seat: "up"})
    world.says(other, **{seat: "up"})
    world.says(other, **{seat: "down"})
    assert world.seats == {"acme/edge": seat}
    world.gateways.left("hv1")
    assert world.seats == {"acme/edge": other}


def test_a_host_without_its_switch_hears_nobody() -> None:
    world, seat, other = two_gateways()
    world.says("hv1", **{seat: "up"})
    world.says(other, **{seat: "down"})
    assert world.seats == {"acme/edge": seat}
    world.switch("hv1", connection=None)
    assert world.seats == {"acme/edge": other}


def test_where_all_are_silent_nobody_moves() -> None:
    world, seat, _ = two_gateways()
    world.says("hv1", gw1="up", gw2="up")
    world.says("hv1", gw1="down", gw2="down")
    assert world.seats == {"acme/edge": seat}


def test_a_gateway_that_was_never_heard_is_given_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, seat, other = two_gateways()
    world.says("hv1", **{seat: "unknown", other: "up"})
    assert world.seats == {"acme/edge": seat}
    monkeypatch.setattr(gateways, "PATIENCE", 0.0)
    (look_again,) = world.hub.waiting
    look_again()
    assert world.seats == {"acme/edge": other}


def test_a_gateway_that_loses_its_label_hands_over() -> None:
    world, seat, other = two_gateways()
    world.put(gateway(seat, labelled=False))
    assert world.seats == {"acme/edge": other}


def test_a_restart_moves_nothing_in_whatever_order_hosts_come_back() -> None:
    _, seat, other = two_gateways()
    world = World((EDGE, OUTER), (gateway(other), gateway(seat), Seat("acme/edge", seat)))
    world.join(other)
    world.says(other, **{seat: "unknown"})
    world.join("hv1")
    world.says("hv1", **{other: "up", seat: "up"})
    assert world.seats == {}


def test_before_anything_is_known_of_the_world_nobody_moves() -> None:
    world = World((EDGE,), (Seat("acme/edge", "gw1"),))
    world.put(OUTER)
    assert world.seats == {}
    world.put(gateway("gw2"))
    assert world.seats == {"acme/edge": "gw2"}


def test_who_carried_a_router_that_went_meanwhile_is_forgotten() -> None:
    world = World((EDGE, OUTER), (Seat("acme/edge", "gw1"), Seat("acme/gone", "gw1"), gateway("gw1")))
    assert world.news == [News([], [(Seat, "acme/gone")])]


WORDS: st.SearchStrategy[Liveness] = st.sampled_from(["up", "down", "unknown"])


@given(
    st.lists(st.sampled_from(NAMES), unique=True),
    st.dictionaries(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(NAMES), WORDS)),
    st.frozensets(st.sampled_from(NAMES)),
    st.none() | st.sampled_from(NAMES),
)
def test_nobody_is_moved_from_a_gateway_that_is_heard_nor_to_one_that_is_gone(
    candidates: list[str], words: dict[str, dict[str, Liveness]], reached: frozenset[str], current: str | None
) -> None:
    known = election.evidence(words, reached)
    chosen = election.elect("acme/edge", candidates, known, current)
    if current in candidates and current not in known.gone:
        assert chosen == current
    if chosen != current:
        assert chosen in candidates
        assert chosen not in known.gone or set(candidates) <= known.gone
    assert election.elect("acme/edge", reversed(candidates), known, chosen) == chosen
