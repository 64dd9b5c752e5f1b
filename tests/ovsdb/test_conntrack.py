"""What a switch translates is read from the switch itself, and by its host's agent where the switch is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from told import Told

from controller.agent.orders import Place
from controller.agent.report import Report
from controller.errors import DatabaseError
from ovsdb import conntrack, unixctl
from ovsdb.host_plan import Wanted
from ovsdb.hosts import Hosts
from tests.ovsdb.tracking_switch import SERVER, TrackingSwitch, packet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAT66 = (
    "icmpv6,orig=(src=fd00::1,dst=2001:db8::9,id=7,type=128,code=0),"
    "reply=(src=2001:db8::9,dst=2001:db8::1,id=7,type=129,code=0),zone=4"
)
FORWARDED = (
    "tcp,orig=(src=10.9.0.1,dst=192.0.2.20,sport=5,dport=8080),"
    "reply=(src=192.0.2.20,dst=10.9.0.1,sport=80,dport=5),zone=5,protoinfo=(state=ESTABLISHED)"
)
UDP = (
    "udp,orig=(src=10.1.0.1,dst=198.51.100.1,sport=1,dport=53),reply=(src=198.51.100.1,dst=192.0.2.10,sport=53,dport=9)"
)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[TrackingSwitch]:
    switch = TrackingSwitch(tmp_path / "hv1", "hv1")
    yield switch
    switch.stop()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def hosts(told: Told) -> Iterator[Hosts]:
    hosts = Hosts(Wanted(openflow_port=6653, encaps=()), told)
    yield hosts
    hosts.stop()


def dumped(directory: Path, zone: int | None = None) -> list[str]:
    return b"".join(conntrack.dump(directory, zone)).decode().splitlines()


def translated(*lines: str) -> list[conntrack.Translation | None]:
    return [found for _, found in conntrack.translations("\n".join(lines))]


def test_reading_goes_on_after_any_line() -> None:
    lines = f"{UDP},zone=2\nnothing\n{UDP},zone=3\n{FORWARDED}\n{NAT66}\n"
    all_of_them = list(conntrack.translations(lines))
    assert [one and one.zone for _, one in all_of_them] == [2, None, 5, 4]
    for number, (place, _) in enumerate(all_of_them, 1):
        assert list(conntrack.translations(lines, place)) == all_of_them[number:]


@pytest.mark.system
def test_a_switch_tells_what_it_translates_and_for_whom(switch: TrackingSwitch) -> None:
    switch.send(
        packet("10.1.0.1", SERVER, 4000, 53),
        packet("10.9.0.1", "192.0.2.20", 4001, 80, 6),
        packet("10.1.0.2", SERVER, 7, 0, 1),
        packet("10.2.0.1", SERVER, 4002, 53),
    )
    switch.wait_for(lambda: switch.tracked() == 4)
    found = {one.protocol: one for one in translated(*dumped(switch.directory)) if one}
    assert sorted(found) == ["icmp", "tcp", "udp"]
    out = found["udp"]
    assert (out.source, out.source_port, out.destination, out.destination_port) == (
        "10.1.0.1",
        4000,
        "198.51.100.1",
        53,
    )
    assert (out.kind, out.zone, out.state) == ("source", 2, None)
    assert out.translated.startswith("192.0.2.1")
    assert out.translated_port is not None
    in_ = found["tcp"]
    assert (in_.kind, in_.zone, in_.state) == ("destination", 3, "SYN_SENT")
    assert (in_.source, in_.destination, in_.translated, in_.translated_port) == (
        "10.9.0.1",
        "192.0.2.20",
        "10.1.0.20",
        80,
    )
    assert (found["icmp"].source_port, found["icmp"].translated_port) == (None, None)
    again = {one.number for one in translated(*dumped(switch.directory, 2)) if one}
    assert again == {found["udp"].number, found["icmp"].number}


@pytest.mark.system
def test_a_long_answer_comes_whole_and_in_lines(switch: TrackingSwitch) -> None:
    sent = [packet(f"10.1.{n >> 8}.{n & 255}", SERVER, 1000 + n, 53) for n in range(20_000)]
    while switch.tracked() < 15_000:
        switch.send(*sent)
    blocks = list(conntrack.dump(switch.directory, None))
    assert len(blocks) > 1
    assert all(block.endswith(b"\n") for block in blocks)
    lines = b"".join(blocks).decode().splitlines()
    assert len(lines) == switch.tracked()
    found = translated(*lines)
    assert len(found) == len(lines)
    assert all(found)
    assert dumped(switch.directory, 77) == []


@pytest.mark.system
def test_what_a_switch_refuses_or_does_not_hear_is_an_error(switch: TrackingSwitch, tmp_path: Path) -> None:
    control = unixctl.switch(switch.directory)
    with pytest.raises(DatabaseError, match="not a valid command"):
        list(unixctl.lines(control, "no/such", [], 5))
    with pytest.raises(DatabaseError, match="no ovs-vswitchd answers"):
        list(conntrack.dump(tmp_path, None))
    assert switch.switch is not None
    switch.switch.stop(5)
    with pytest.raises(DatabaseError):
        list(conntrack.dump(switch.directory, None))


@pytest.mark.system
def test_the_daemon_asks_a_switch_here_itself_and_one_elsewhere_by_its_agent(
    switch: TrackingSwitch, hosts: Hosts, told: Told
) -> None:
    port = hosts.listen("ptcp:0:127.0.0.1")
    switch.vsctl("--no-wait", "set-manager", f"tcp:127.0.0.1:{port}")
    told.wait_for(lambda: "hv1" in told.hosts)
    with pytest.raises(DatabaseError, match="no netloom agent of hv1 is connected"):
        hosts.connections("hv1", None, print)
    report = Report(switch.directory)
    report.follow(Place("hv1", (f"tcp:127.0.0.1:{port}",)))
    switch.send(packet("10.1.0.1", SERVER, 4000, 53), packet("10.3.0.1", SERVER, 4000, 53))
    switch.wait_for(lambda: switch.tracked() == 2)
    switch.wait_for(lambda: not refused(hosts, "hv1"))
    assert lines_of(hosts, "hv1", None) == sorted(dumped(switch.directory))
    assert lines_of(hosts, "hv1", 2) == dumped(switch.directory, 2)
    assert [status.chassis.name for status in hosts.snapshot() if status.chassis] == ["hv1"]
    report.stop()
    switch.wait_for(lambda: refused(hosts, "hv1"))
    here = Hosts(Wanted(openflow_port=6653, encaps=()), Told())
    here.follow(switch.address)
    switch.wait_for(lambda: not refused(here, "hv1"))
    assert lines_of(here, "hv1", None) == sorted(dumped(switch.directory))
    here.stop()


@pytest.mark.system
def test_an_agent_is_believed_only_where_its_host_is(switch: TrackingSwitch, hosts: Hosts, told: Told) -> None:
    port = hosts.listen("ptcp:0:127.0.0.1")
    hosts.follow(switch.address)
    told.wait_for(lambda: "hv1" in told.hosts)
    liar, stranger = Report(switch.directory), Report(switch.directory)
    liar.follow(Place("hv1", (f"tcp:127.0.0.1:{port}",)))
    stranger.follow(Place("hv9", (f"tcp:127.0.0.1:{port}",)))
    expected = {"hv1 is at None, not at 127.0.0.1", "hv9 has not joined"}
    switch.wait_for(lambda: expected <= {str(problem) for report in (liar, stranger) for problem in troubles(report)})
    liar.stop()
    stranger.stop()


def troubles(report: Report) -> list[str]:
    connection = report._connection  # noqa: SLF001 - what it was told is logged, and kept nowhere else
    return [] if connection is None else [connection.trouble]


def lines_of(hosts: Hosts, chassis: str, zone: int | None) -> list[str]:
    blocks: list[bytes] = []
    hosts.connections(chassis, zone, blocks.append)
    return sorted(b"".join(blocks).decode().splitlines())


def refused(hosts: Hosts, chassis: str) -> bool:
    try:
        hosts.connections(chassis, None, bytes.splitlines)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"{UDP},zone=2", ("source", "192.0.2.10", 9)),
        (f"{UDP},zone=3", None),
        (UDP, None),
        (f"{UDP},id=77,zone=2", ("source", "192.0.2.10", 9)),
        ("", None),
        ("tcp,orig=(", None),
        (NAT66, ("source", "2001:db8::1", None)),
        (FORWARDED, ("destination", "192.0.2.20", 80)),
    ],
)
def test_a_line_is_a_translation_if_an_end_differs(line: str, found: tuple[str, str, int | None] | None) -> None:
    (one,) = translated(line) or [None]
    assert (one and (one.kind, one.translated, one.translated_port)) == found


def test_the_datapaths_own_number_names_a_connection_else_a_hash_that_stays() -> None:
    numbered, plain, same, elsewhere = translated(
        *(f"{UDP}{more}" for more in (",id=77,zone=2", ",zone=2", ",id=0,zone=2", ",zone=4"))
    )
    assert numbered is not None
    assert numbered.number == "77"
    assert plain is not None
    assert plain == same
    assert elsewhere is not None
    assert elsewhere.number != plain.number
