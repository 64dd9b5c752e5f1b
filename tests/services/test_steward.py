"""The steward: what services decide is done, told and shown; what is gone is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from apps import nat_tables, pipeline, registers
from controller.entities import Neighbour, Network, Port
from controller.flow.actions import output, set_field
from controller.flow.fields import REGS
from controller.outfit import service_pipeline
from controller.services.outcome import (
    DHCP,
    Duplicate,
    Emission,
    Forgotten,
    Ignored,
    Learned,
    Lease,
    Logged,
    OntoSegment,
    Outwards,
    Punt,
    Resumed,
    ToPorts,
    Withdrawn,
)
from controller.southbound.packets import PacketIn
from controller.status.addressing import lease_rows, with_duplicates
from controller.steward import BREATHS, Hands, Steward
from tests.compiled import Watched, compiled
from tests.services.town import NOW, town

if TYPE_CHECKING:
    from controller.flow.actions import Action
    from controller.inventory import News

PIPELINE = service_pipeline()
LEASE = Lease(*("acme/web-1", "acme/web", "hv1", "02:00:00:00:00:01", "10.1.0.10", "one"), "bound", NOW, NOW + 3600)
CLAIM = Duplicate("acme/web-1", "10.1.0.10", "02:00:00:00:00:02", "acme/web-2")
NEIGHBOUR = Neighbour("acme/wire|192.0.2.1", "acme/wire", "192.0.2.1", "02:cc:00:00:00:01")


@dataclass
class House:
    """A steward, the world it serves, and everything that it has done; ``room`` is how often a frame finds none."""

    built: Watched = field(default_factory=lambda: compiled(town()))
    sent: list[tuple[str, bytes, tuple[Action, ...]]] = field(default_factory=list)
    told: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    remembered: list[News] = field(default_factory=list)
    submitted: list[tuple[list[Any], list[Any]]] = field(default_factory=list)
    logged: list[Logged] = field(default_factory=list)
    breaths: int = 0
    full: int = 0
    now: float = NOW

    def __post_init__(self) -> None:
        hands = Hands(self._emit, self._tell, self.remembered.append, self._spawn, self._breathe, self.logged.append)
        bridges = {name: SimpleNamespace(connection=name) for name in ("hv1", "hv2")}
        core: Any = SimpleNamespace(compiler=self.built, submit=self._submit, bridges=bridges)
        self.steward = Steward(core, PIPELINE, hands, (), lambda: self.now)

    def _emit(self, chassis: str, frame: bytes, actions: tuple[Action, ...]) -> bool:
        if self.full:
            self.full -= 1
            return False
        self.sent.append((chassis, frame, actions))
        return True

    def _tell(self, kind: str, subject: str, detail: dict[str, object]) -> None:
        self.told.append((kind, subject, detail))

    def _submit(self, puts: list[Any], deletes: list[Any]) -> None:
        self.submitted.append((puts, deletes))

    def _spawn(self, *_: object) -> None:
        raise AssertionError("nothing is asked outside")

    def _breathe(self) -> None:
        self.breaths += 1


@pytest.fixture
def house() -> House:
    return House()


def test_leases_are_listed_and_changes_of_them_told(house: House) -> None:
    house.steward.carry_out(LEASE)
    house.now += 1800
    house.steward.carry_out(LEASE)
    (row,) = lease_rows(house.steward)
    assert (row["port"], row["address"], row["state"], row["hostname"]) == ("acme/web-1", "10.1.0.10", "bound", "one")
    assert (row["since"], row["expires"]) == ("1970-01-12T13:46:40.000000Z", "1970-01-12T14:46:40.000000Z")
    assert [(kind, subject, detail["state"]) for kind, subject, detail in house.told] == [
        ("lease", "Port acme/web-1", "bound")
    ]


def test_an_offer_is_no_event_and_may_be_withdrawn(house: House) -> None:
    offer = Lease(*("acme/web-1", "acme/web", "hv1", "02:00:00:00:00:01", "10.1.0.10", ""), "offered", NOW, NOW + 60)
    house.steward.carry_out(offer)
    assert [row["state"] for row in lease_rows(house.steward)] == ["offered"]
    house.steward.carry_out(Withdrawn("acme/web-1", "10.1.0.10"))
    assert (lease_rows(house.steward), house.told) == ([], [])


def duplicate(house: House) -> tuple[object, object, object]:
    """The condition Duplicate of web-1: whether it holds, why, and in words."""
    status = with_duplicates({"conditions": ["others"]}, house.steward, "acme/web-1", NOW)
    others, found = status["conditions"]  # type: ignore[misc]
    assert (others, found["type"]) == ("others", "Duplicate")
    return found["status"], found["reason"], found["message"]


def test_a_duplicate_is_a_condition_and_told_once(house: House) -> None:
    assert duplicate(house) == (False, "NoneSeen", "nobody else claims its addresses")
    house.steward.carry_out(CLAIM)
    house.steward.carry_out(CLAIM)
    assert duplicate(house)[:2] == (True, "Claimed")
    assert "02:00:00:00:00:02 (acme/web-2)" in str(duplicate(house)[2])
    assert [(kind, subject) for kind, subject, _ in house.told] == [("security", "Port acme/web-1")]


def test_a_declined_address_is_a_condition(house: House) -> None:
    house.steward.carry_out(Lease(*("acme/web-1", "acme/web", "hv1", "m", "10.1.0.10", ""), "declined", NOW, None))
    assert duplicate(house)[:2] == (True, "Declined")


def test_what_is_gone_is_forgotten(house: House) -> None:
    house.steward.carry_out(LEASE)
    house.steward.carry_out(CLAIM)
    house.built.turn([NEIGHBOUR], [(Port, "acme/web-1")])
    house.steward.compiled({("get", Port, "acme/web-1")})
    assert lease_rows(house.steward) == []
    assert duplicate(house)[0] is False
    house.built.turn([], [(Network, "acme/wire")])
    house.steward.compiled({("get", Network, "acme/wire")})
    assert house.submitted == [([], [(Neighbour, NEIGHBOUR.key)])]


def test_machines_outside_are_inventory_and_remembered(house: House) -> None:
    house.steward.carry_out(Learned(NEIGHBOUR))
    house.steward.carry_out(Forgotten(NEIGHBOUR.key))
    assert house.submitted == [([NEIGHBOUR], []), ([], [(Neighbour, NEIGHBOUR.key)])]
    assert [(news.puts, news.deletes) for news in house.remembered] == house.submitted


def test_a_busy_switch_gets_turns_and_one_that_is_away_is_not_waited_for(house: House) -> None:
    emission = Emission("hv1", b"frame", ToPorts((3,)))
    house.full = 5
    house.steward.carry_out(emission)
    assert (len(house.sent), house.breaths, house.steward.unsent) == (1, 5, 0)
    house.full = BREATHS
    house.steward.carry_out(emission)
    assert (len(house.sent), house.steward.unsent) == (1, 1)
    house.breaths = 0
    house.steward.carry_out(Emission("hv9", b"frame", ToPorts((3,))))
    assert (house.breaths, house.steward.unsent) == (0, 2)


def test_time_brings_what_is_due(house: House) -> None:
    house.steward.compiled({("get", Network, "acme/web")})
    house.steward.tick(NOW)
    assert sorted(chassis for chassis, _, _ in house.sent) == ["hv1", "hv2"]


def test_what_gets_no_answer_is_counted_by_why(house: House) -> None:
    house.steward.carry_out(Ignored("spoofed"), Punt("hv1", 1, DHCP, b""))
    assert house.steward.ignored == {("dhcp", "spoofed"): 1}


def test_every_reason_has_its_responder(house: House) -> None:
    assert set(house.steward.responders()) == set(range(1, registers.LOGGED + 1))


def test_a_packet_in_is_read_by_what_its_registers_hold() -> None:
    held = {0: 0x101, 7: 9, 10: 7, 12: 0x20010DB8, 15: 1}
    punt = PIPELINE.punt("hv1", PacketIn(b"frame", 4, held, 26, 0))
    assert (punt.chassis, punt.in_port, punt.reason, punt.frame) == ("hv1", 4, 7, b"frame")
    assert (punt.network, punt.router, punt.next_hop) == (0x101, 9, 0x20010DB8 << 96 | 1)
    assert dict(punt.registers) == {0: 0x101, 7: 9, 12: 0x20010DB8, 15: 1}


def test_frames_go_back_where_they_came_from_or_on_from_there() -> None:
    assert PIPELINE.actions(ToPorts((3, 4))) == (output(3), output(4))
    resumed = PIPELINE.actions(Resumed(((0, 0x101), (15, 1))))
    again = (set_field(REGS[0], 0x101), set_field(REGS[15], 1))
    assert resumed == (*again, pipeline.RESOLVE.resubmit)
    assert PIPELINE.actions(Resumed(((0, 0x101), (15, 1)), resolved=True)) == (*again, nat_tables.SNAT.resubmit)
    assert PIPELINE.actions(Outwards(9))[-1] == nat_tables.UN_SNAT.resubmit
    assert PIPELINE.actions(OntoSegment(0x104))[-1] == pipeline.DELIVER.resubmit
