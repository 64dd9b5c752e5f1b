"""A real host: its networks get addresses, what they may send passes, nothing else does, and all is put back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from host_lab import LINK_IDS, OWN, OWN_IDS, HostLab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
FORWARDS = {"netloom-forwards": "tcp:8080-8081:169.254.64.7 tcp:9090:fd6e:6574:6c6f::7 udp:5353:169.254.64.7"}
SETTINGS = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")
ANSWER = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])), family=%s, reuse_port=True)
while True:
    caller, address = server.accept()
    caller.sendall(address[0].encode())
    caller.close()
"""
HOSTS_OWN = """
import socket
server = socket.create_server(("", 8080))
while True:
    server.accept()[0].sendall(b"host")
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[HostLab]:
    lab = HostLab(tmp_path)
    yield lab
    lab.end()


def serving(machine: object, address: str, port: int) -> subprocess.Popen[str]:
    """A server that tells who called."""
    family = "socket.AF_INET6" if ":" in address else "socket.AF_INET"
    return machine.popen("python3", "-c", ANSWER % family, address, str(port))  # type: ignore[attr-defined,no-any-return]


def called(machine: object, address: str, port: int) -> str:
    """Who the server says that we are; "" where nobody answers."""
    code = f"import socket;s=socket.create_connection(({address!r},{port}),1);print(s.recv(99).decode())"
    command = ["ip", "netns", "exec", machine.namespace, "python3", "-c", code]  # type: ignore[attr-defined]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def test_a_nat_network_reaches_the_world_as_its_host(lab: HostLab) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS)
    lab.wait_answer("nl-host", "ok")
    assert lab.door.reaches("169.254.64.1")
    assert lab.door.reaches("fd6e:6574:6c6f::1")
    for address, seen in (("192.0.2.9", "192.0.2.1"), ("2001:db8::9", "2001:db8::1")):
        server = serving(lab.outside, address, 7000)
        lab.ovs.wait_for(lambda address=address: called(lab.door, address, 7000))
        assert called(lab.door, address, 7000) == seen
        server.kill()
        server.wait()


def test_nothing_comes_in_by_the_link_but_what_is_forwarded(lab: HostLab) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS | FORWARDS)
    lab.wait_answer("nl-host", "ok")
    lab.outside.run("ip", "route", "add", "169.254.64.0/18", "via", "192.0.2.1")
    lab.outside.run("ip", "-6", "route", "add", "fd6e:6574:6c6f::/64", "via", "2001:db8::1")
    assert not lab.outside.reaches("169.254.64.7")
    assert not lab.outside.reaches("fd6e:6574:6c6f::7")
    servers = [serving(lab.door, "0.0.0.0", 8080), serving(lab.door, "0.0.0.0", 8081), serving(lab.door, "::", 9090)]
    lab.ovs.wait_for(lambda: called(lab.outside, "192.0.2.1", 8080))
    assert called(lab.outside, "192.0.2.1", 8081) == "192.0.2.9"
    lab.ovs.wait_for(lambda: called(lab.outside, "2001:db8::1", 9090))
    assert called(lab.outside, "2001:db8::1", 9090) == "2001:db8::9"
    assert called(lab.outside, "192.0.2.1", 8082) == ""
    assert called(lab.outside, "169.254.64.7", 8080) == ""
    assert called(lab.door, "192.0.2.1", 8080) == "169.254.64.1"
    lab.order("nl-host", LINK_IDS)
    lab.ovs.wait_for(lambda: "8080" not in lab.ruleset())
    assert called(lab.outside, "192.0.2.1", 8080) == ""
    for server in servers:
        server.kill()
        server.wait()


def test_no_forward_takes_what_the_host_itself_listens_on(lab: HostLab) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS | FORWARDS)
    lab.wait_answer("nl-host", "ok")
    theirs = serving(lab.door, "0.0.0.0", 8080)
    lab.ovs.wait_for(lambda: called(lab.outside, "192.0.2.1", 8080) == "192.0.2.9")
    own = lab.host.popen("python3", "-c", HOSTS_OWN)
    lab.ovs.wait_for(lambda: called(lab.outside, "192.0.2.1", 8080) == "host")
    for server in (own, theirs):
        server.kill()
        server.wait()


def test_a_host_only_network_reaches_its_host_and_nothing_else(lab: HostLab) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS)
    lab.order(OWN, OWN_IDS)
    lab.wait_answer("nl-host", "ok")
    lab.wait_answer(OWN, "ok")
    assert lab.knob("net/ipv4/ip_forward") == "1"
    assert lab.guest.reaches("10.77.0.1")
    assert lab.guest.reaches("fd77::1")
    lab.outside.run("ip", "route", "add", "10.77.0.0/24", "via", "192.0.2.1")
    lab.outside.run("ip", "-6", "route", "add", "fd77::/64", "via", "2001:db8::1")
    for machine, addresses in (
        (lab.guest, ("192.0.2.9", "2001:db8::9", "169.254.64.7", "fd6e:6574:6c6f::7")),
        (lab.outside, ("10.77.0.10", "fd77::10")),
        (lab.door, ("10.77.0.10", "fd77::10")),
    ):
        assert [address for address in addresses if machine.reaches(address)] == []


def test_all_is_put_back_when_the_networks_go(lab: HostLab) -> None:
    before = [lab.knob(path) for path in SETTINGS]
    assert before == ["0", "0"]
    lab.start_agent()
    lab.order("nl-host", LINK_IDS)
    lab.order(OWN, OWN_IDS)
    lab.wait_answer(OWN, "ok")
    lab.wait_answer("nl-host", "ok")
    assert [lab.knob(path) for path in SETTINGS] == ["1", "1"]
    lab.withdraw("nl-host")
    lab.ovs.wait_for(lambda: [lab.knob(path) for path in SETTINGS] == before)
    lab.ovs.wait_for(lambda: "masquerade" not in lab.ruleset())
    assert "nlh*" in lab.ruleset()
    assert lab.guest.reaches("10.77.0.1")
    lab.withdraw(OWN)
    lab.ovs.wait_for(lambda: not lab.ruleset())


def test_what_was_changed_is_known_after_a_crash_and_a_restart_changes_nothing(lab: HostLab) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS)
    lab.wait_answer("nl-host", "ok")
    standing = lab.host.run("nft", "-a", "list", "ruleset")
    assert lab.agent is not None
    lab.agent.kill()
    lab.agent.wait()
    assert lab.door.reaches("192.0.2.9")
    lab.ovs.vsctl("remove", "interface", "nl-host", "external_ids", "netloom-state")
    lab.start_agent()
    lab.wait_answer("nl-host", "ok")
    assert lab.host.run("nft", "-a", "list", "ruleset") == standing
    assert lab.stop_agent() == 0
    assert lab.door.reaches("192.0.2.9")
    lab.withdraw("nl-host")
    lab.start_agent()
    lab.ovs.wait_for(lambda: [lab.knob(path) for path in SETTINGS] == ["0", "0"])
    lab.ovs.wait_for(lambda: not lab.ruleset())


def test_what_somebody_undoes_on_the_host_is_mended(lab: HostLab) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS)
    lab.wait_answer("nl-host", "ok")
    lab.host.run("nft", "flush", "ruleset")
    lab.ovs.wait_for(lambda: "masquerade" in lab.ruleset())
    lab.host.run("ip", "address", "flush", "dev", "nl-host")
    lab.ovs.wait_for(lambda: lab.door.reaches("169.254.64.1"))
    lab.host.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
    lab.ovs.wait_for(lambda: lab.knob("net/ipv4/ip_forward") == "1")
    lab.host.run("ip", "link", "set", "nl-host", "down")
    lab.ovs.wait_for(lambda: lab.door.reaches("192.0.2.9"))


def test_a_block_that_the_host_reaches_already_is_not_taken_from_it(lab: HostLab) -> None:
    lab.start_agent()
    lab.order(OWN, OWN_IDS | {"netloom-addresses": "192.0.2.129/25"})
    lab.wait_answer(OWN, "192.0.2.128/25 would take 192.0.2.0/24 from uplink")
    assert "192.0.2.129" not in lab.host.run("ip", "address")
    lab.order(OWN, OWN_IDS)
    lab.wait_answer(OWN, "ok")
    twin = "nlhfedcba9876"
    lab.order(twin, OWN_IDS)
    lab.wait_answer(twin, f"10.77.0.0/24 would take 10.77.0.0/24 from {OWN}")
    assert lab.guest.reaches("10.77.0.1")


def test_nonsense_in_the_database_is_told_and_others_are_served(lab: HostLab) -> None:
    lab.start_agent()
    lab.order(OWN, OWN_IDS | {"netloom-addresses": "10.77.0.1/99"})
    lab.order("nl-host", LINK_IDS)
    lab.wait_answer("nl-host", "ok")
    lab.wait_answer(OWN, "'10.77.0.1/99' does not appear to be")


def test_one_agent_acts_and_the_next_takes_over(lab: HostLab, tmp_path: Path) -> None:
    lab.start_agent()
    lab.order("nl-host", LINK_IDS)
    lab.wait_answer("nl-host", "ok")
    first = lab.agent
    lab.start_agent()
    log = tmp_path / "agent.log"
    lab.ovs.wait_for(lambda: "another_agent_acts" in log.read_text())
    assert first is not None
    first.terminate()
    first.wait(20)
    lab.order(OWN, OWN_IDS)
    lab.wait_answer(OWN, "ok")


def test_the_daemon_does_the_same_for_its_own_host(lab: HostLab) -> None:
    lab.start_agent(as_daemon=True)
    lab.order("nl-host", LINK_IDS | FORWARDS)
    lab.wait_answer("nl-host", "ok")
    assert lab.door.reaches("192.0.2.9")
    lab.withdraw("nl-host")
    lab.ovs.wait_for(lambda: not lab.ruleset())
    assert lab.stop_agent() == 0
