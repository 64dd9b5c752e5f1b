"""The NAT table is read page by page, of one moment, and says for whom each connection is translated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.derived import HostOrder
from controller.entities import Door, Network, Router, Seat
from controller.errors import DatabaseError, Gone
from controller.live import answers
from controller.live.answers import Answers, Page
from controller.nat_table import FEW, NatTable, Question
from controller.store import Store
from controller.zones import PORTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.entities import Entity

EDGE = Router("acme/edge", "u", "acme", "edge", 1, 8, "02:00:00:00:00:01", ())
OTHER = replace(EDGE, key="zeta/edge", project="zeta", number=3)
LAN = Network("acme/lan", "u", "acme", "lan", "nat", 9, "vxlan", 1500, (), door=Door(2, "02:00:00:00:00:02", ()))
EVERYTHING = Question()


def line(number: int, zone: int) -> bytes:
    ends = f"orig=(src=10.1.0.{number},dst=198.51.100.1,sport=1000,dport=53)"
    reply = f"reply=(src=198.51.100.1,dst=192.0.2.10,sport=53,dport={2000 + number})"
    there = f"reply=(src=10.9.0.9,dst=10.1.0.{number},sport=53,dport=1000)"
    return f"udp,{ends},{there if zone % 2 else reply},zone={zone}\n".encode()


class Switches:
    """Switches that tell what a test says, in blocks that end anywhere between lines."""

    def __init__(self, **lines: list[bytes]) -> None:
        self.lines = lines
        self.asked: list[tuple[str, int | None]] = []

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        self.asked.append((chassis, zone))
        if chassis not in self.lines:
            raise DatabaseError(f"no netloom agent of {chassis} is connected")
        for one in self.lines[chassis]:
            if zone is None or one.endswith(f"zone={zone}\n".encode()):
                take(one)


def table(switches: Switches, *entities: Entity) -> NatTable:
    store = Store({})
    for entity in entities or (EDGE, OTHER, LAN, Seat("acme/edge", "hv1"), HostOrder("hv2", link=True)):
        store.put(entity, set())
    return NatTable(store, Answers(switches))


def pages(nat: NatTable, question: Question, limit: int) -> list[Page]:
    found = [nat.page(question, limit, "")]
    while found[-1].following:
        found.append(nat.page(question, limit, found[-1].following))
    return found


def sources(*found: Page) -> list[object]:
    return [row["source"] for page in found for row in page.rows]


def test_a_row_says_who_speaks_to_whom_as_what_and_for_which_router() -> None:
    nat = table(Switches(hv1=[line(1, 2), line(2, 5)], hv2=[]))
    source, destination = nat.page(EVERYTHING, 10, "").rows
    assert source == {
        "id": source["id"],
        "protocol": "udp",
        "source": "10.1.0.1",
        "source_port": 1000,
        "destination": "198.51.100.1",
        "destination_port": 53,
        "state": None,
        "translates": "source",
        "translated": "192.0.2.10",
        "translated_port": 2001,
        "router": "acme/edge",
        "network": None,
        "zone": 2,
        "chassis": "hv1",
    }
    assert (destination["translates"], destination["translated"]) == ("destination", "10.9.0.9")
    assert (destination["router"], destination["network"]) == (None, "acme/lan")


def test_zones_of_nobody_are_not_ours() -> None:
    assert table(Switches(hv1=[line(1, 2), line(2, 4000), line(3, 0)], hv2=[])).page(EVERYTHING, 10, "").rows[1:] == []


def test_pages_are_of_one_moment_and_hold_everything_once() -> None:
    switches = Switches(hv1=[line(n, 2) for n in range(5)], hv2=[line(n, 4) for n in range(5, 8)])
    nat = table(switches)
    first = nat.page(EVERYTHING, 3, "")
    switches.lines["hv1"].clear()
    rest = nat.page(EVERYTHING, 3, first.following)
    last = nat.page(EVERYTHING, 3, rest.following)
    assert sources(first, rest, last) == [f"10.1.0.{n}" for n in range(8)]
    assert [len(page.rows) for page in (first, rest, last)] == [3, 3, 2]
    assert last.following == ""


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_no_row_is_lost_between_pages(limit: int) -> None:
    nat = table(Switches(hv1=[line(n, zone) for n in range(7) for zone in (2, 99, 3)], hv2=[line(1, 4)]))
    assert len(sources(*pages(nat, EVERYTHING, limit))) == 15


@pytest.mark.parametrize(
    ("question", "asked", "found"),
    [
        (Question(chassis="hv2"), [("hv2", zone) for zone in range(2, 8)], ["10.1.0.3"]),
        (Question(router="acme/edge"), [("hv1", 2), ("hv1", 3), ("hv2", 2), ("hv2", 3)], ["10.1.0.1"]),
        (Question(router="acme/lan"), [("hv1", 4), ("hv1", 5), ("hv2", 4), ("hv2", 5)], ["10.1.0.3"]),
        (Question(project="zeta"), [("hv1", 6), ("hv1", 7), ("hv2", 6), ("hv2", 7)], ["10.1.0.2"]),
        (Question(project="nobody"), [], []),
        (Question(router="acme/none"), [], []),
    ],
)
def test_only_what_is_asked_for_is_asked_and_found(
    question: Question, asked: list[tuple[str, int | None]], found: list[str]
) -> None:
    switches = Switches(hv1=[line(1, 2), line(2, 6)], hv2=[line(3, 4)])
    assert sources(table(switches).page(question, 10, "")) == found
    assert sorted(switches.asked, key=str) == asked


def test_of_many_routers_everything_is_read_once_but_what_ports_remember() -> None:
    routers = [replace(EDGE, key=f"acme/edge{number}", number=number) for number in range(1, FEW + 2)]
    switches = Switches(hv1=[line(1, 2), line(2, PORTS + 1), line(3, 2 * FEW)])
    found = table(switches, *routers, Seat("acme/edge1", "hv1")).page(EVERYTHING, 10, "")
    assert sources(found) == ["10.1.0.1", "10.1.0.3"]
    assert switches.asked == [("hv1", None)]


def test_who_could_not_be_asked_is_told_and_the_others_are_listed() -> None:
    found = table(Switches(hv1=[line(1, 2)])).page(EVERYTHING, 10, "")
    assert sources(found) == ["10.1.0.1"]
    assert found.unavailable == {"hv2": "no netloom agent of hv2 is connected"}


def test_switches_are_not_asked_again_within_a_second() -> None:
    switches = Switches(hv1=[line(1, 2)], hv2=[])
    nat = table(switches)
    nat.page(EVERYTHING, 10, "")
    asked = list(switches.asked)
    nat.page(EVERYTHING, 10, "")
    assert switches.asked == asked != []


def test_a_cursor_ends_with_what_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    nat = table(Switches(hv1=[line(n, 2) for n in range(5)], hv2=[]))
    cursor = nat.page(EVERYTHING, 2, "").following
    with pytest.raises(Gone):
        nat.page(Question(chassis="hv1"), 2, cursor)
    for number in range(answers.MOST_KEPT):
        nat.page(Question(chassis=f"hv{number}"), 2, "")
    with pytest.raises(Gone):
        nat.page(EVERYTHING, 2, cursor)
    monkeypatch.setattr(answers, "KEPT_SECONDS", -1.0)
    again = nat.page(Question(chassis="hv1"), 2, "").following
    with pytest.raises(Gone):
        nat.page(Question(chassis="hv1"), 2, again)


def test_more_than_there_is_room_for_is_said_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 300)
    found = table(Switches(hv1=[line(n, 2) for n in range(9)], hv2=[])).page(EVERYTHING, 10, "")
    assert 0 < len(found.rows) < 9
    assert list(found.unavailable) == ["hv1"]
