"""Interfaces at the ends of wires get room for headers, and BFD where that is asked; operators have the last word."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from private_ovs import PrivateOvs
from told import Told

from controller.links import EndState, WireEnd
from ovsdb.host_plan import Wanted
from ovsdb.hosts import Hosts
from ovsdb.wire_ends import HostEnds, WireEnds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
S1, S2 = 0xA1, 0xA2
ENDS = ((S1, "w1"), (S2, "w2"))
MTU = 1600


@pytest.fixture
def ovs(tmp_path: Path) -> Iterator[PrivateOvs]:
    """Two bare bridges that are wired, on one host."""
    ovs = PrivateOvs(tmp_path / "ovs", "hv1")
    space = ["ip", "-n", ovs.namespace]
    subprocess.run([*space, "link", "add", "w1", "type", "veth", "peer", "name", "w2"], check=True)
    for (dpid, interface), bridge in zip(ENDS, ("s1", "s2"), strict=True):
        subprocess.run([*space, "link", "set", interface, "up"], check=True)
        words = ["datapath_type=netdev", "fail_mode=secure", f"other_config:datapath-id={dpid:016x}"]
        ovs.vsctl("add-br", bridge, "--", "set", "bridge", bridge, *words, "--", "add-port", bridge, interface)
    yield ovs
    ovs.stop()


@pytest.fixture
def hosts(ovs: PrivateOvs) -> Iterator[Hosts]:
    told = Told()
    hosts = Hosts(Wanted(openflow_port=6653), told)
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    yield hosts
    hosts.stop()


def both(mtu: int = MTU, bfd: int | None = None) -> list[WireEnd]:
    """The same for both ends."""
    return [WireEnd(dpid, name, mtu, bfd) for dpid, name in ENDS]


def states(hosts: Hosts) -> list[EndState | None]:
    """What the host says of both ends."""
    return [hosts.ends.state(place) for place in ENDS]


def said(ovs: PrivateOvs, interface: str, column: str) -> str:
    return ovs.column("interface", interface, column).replace('"', "")


def device_mtu(ovs: PrivateOvs, interface: str) -> str:
    words = ["ip", "-n", ovs.namespace, "-o", "link", "show", interface]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("mtu ")[1].split()[0]


def test_both_ends_get_room_for_headers_and_are_given_back(ovs: PrivateOvs, hosts: Hosts) -> None:
    hosts.tend(both())
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, None)] * 2)
    assert [device_mtu(ovs, name) for name in ("w1", "w2")] == [str(MTU)] * 2
    assert said(ovs, "w1", "external_ids") == "{netloom-wire=mtu_request}"
    hosts.tend([])
    ovs.wait_for(lambda: said(ovs, "w1", "external_ids") == "{}")
    assert said(ovs, "w1", "mtu_request") == "[]"
    ovs.wait_for(lambda: states(hosts) == [None, None])


def test_both_ends_hear_that_the_other_is_alive_and_stop_when_told(ovs: PrivateOvs, hosts: Hosts) -> None:
    hosts.tend(both(bfd=100))
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, alive=True)] * 2)
    assert said(ovs, "w2", "bfd") == "{enable=true, min_rx=100, min_tx=100}"
    hosts.tend(both())
    ovs.vsctl("set", "interface", "w2", "external_ids:other=x")
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, alive=True)] * 2)
    assert said(ovs, "w1", "bfd") != "{}", "nothing was said of it"
    hosts.tend(both(bfd=0))
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, None)] * 2)


def test_what_is_ours_is_put_right_when_somebody_changes_it(ovs: PrivateOvs, hosts: Hosts) -> None:
    hosts.tend(both(bfd=100))
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, alive=True)] * 2)
    ovs.vsctl("set", "interface", "w2", "bfd:enable=false")
    ovs.wait_for(lambda: said(ovs, "w2", "bfd") == "{enable=true, min_rx=100, min_tx=100}")


def test_what_an_operator_set_stays(ovs: PrivateOvs, hosts: Hosts) -> None:
    ovs.vsctl("set", "interface", "w1", "mtu_request=9000", "bfd:enable=false")
    ovs.vsctl("set", "interface", "w2", "mtu_request=1400")
    hosts.tend(both(bfd=100))
    ovs.wait_for(lambda: "enable=true" in said(ovs, "w2", "bfd"))
    assert said(ovs, "w1", "bfd") == "{enable=false}"
    assert [said(ovs, name, "mtu_request") for name in ("w1", "w2")] == ["9000", "1400"]
    assert said(ovs, "w1", "external_ids") == "{}"


def test_what_an_earlier_daemon_asked_stays_until_it_is_known_what_is_asked_now(ovs: PrivateOvs, hosts: Hosts) -> None:
    hosts.tend(both(bfd=100))
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, alive=True)] * 2)
    hosts.stop()
    told = Told()
    later = Hosts(Wanted(openflow_port=6653), told)
    later.follow(ovs.address)
    told.wait_until_whole("hv1")
    ovs.wait_for(lambda: states(later) == [EndState(MTU, alive=True)] * 2)
    before = ovs.column("open_vswitch", ".", "next_cfg")
    later.tend(both())
    ovs.vsctl("--no-wait", "set", "interface", "w2", "external_ids:other=x")
    ovs.wait_for(lambda: states(later) == [EndState(MTU, alive=True)] * 2)
    assert ovs.column("open_vswitch", ".", "next_cfg") == before
    assert said(ovs, "w1", "bfd") == "{enable=true, min_rx=100, min_tx=100}"
    later.stop()


def test_a_patch_between_bridges_needs_neither(ovs: PrivateOvs, hosts: Hosts) -> None:
    for bridge, name, peer in (("s1", "p1", "p2"), ("s2", "p2", "p1")):
        ovs.vsctl("add-port", bridge, name, "--", "set", "interface", name, "type=patch", f"options:peer={peer}")
    hosts.tend([WireEnd(S1, "p1", MTU, 100), *both()])
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, None)] * 2)
    state = hosts.ends.state((S1, "p1"))
    assert state is not None
    assert not state.able
    assert said(ovs, "p1", "mtu_request") == "[]"


def test_a_host_that_is_out_of_reach_says_nothing(ovs: PrivateOvs, hosts: Hosts) -> None:
    heard: list[tuple[int, str]] = []
    hosts.ends.told = heard.append
    hosts.tend(both())
    ovs.wait_for(lambda: states(hosts) == [EndState(MTU, None)] * 2)
    assert set(heard) == set(ENDS)
    ovs.server.stop(5)
    ovs.wait_for(lambda: states(hosts) == [None, None])


def test_a_second_host_that_claims_the_same_interface_is_not_believed() -> None:
    ends = WireEnds()
    one, other = HostEnds(ends), HostEnds(ends)
    ends.says(one, ENDS[0], EndState(MTU, alive=False))
    ends.says(other, ENDS[0], EndState(MTU, alive=True))
    assert ends.state(ENDS[0]) == EndState(MTU, alive=False)
    ends.says(other, ENDS[0], None)
    assert ends.state(ENDS[0]) == EndState(MTU, alive=False)
    ends.says(one, ENDS[0], None)
    ends.says(other, ENDS[0], EndState(MTU, alive=True))
    assert ends.state(ENDS[0]) == EndState(MTU, alive=True)
