"""On real Open vSwitch: what a host is ordered is plugged in, physical networks are reached, peers are watched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from private_ovs import PrivateOvs
from told import Told

from controller.derived import HostForward, HostOrder, HostPort
from ovsdb.host_plan import Wanted
from ovsdb.hosts import Hosts
from ovsdb.own_ports import named
from ovsdb.rows import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
WEB = HostPort("nlh0123456789", "acme/web", "02:00:00:00:00:01", ("10.1.0.1/24",), 1400)
ORDER = HostOrder("hv1", (WEB,), link=True, forwards=(HostForward("tcp", (8080, 8080), "169.254.64.7"),))


@pytest.fixture
def ovs(tmp_path: Path) -> Iterator[PrivateOvs]:
    ovs = PrivateOvs(tmp_path / "ovs", "hv1")
    yield ovs
    ovs.stop()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[PrivateOvs]:
    ovs = PrivateOvs(tmp_path / "other", "hv2")
    yield ovs
    ovs.stop()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def hosts(told: Told) -> Iterator[Hosts]:
    hosts = Hosts(Wanted(openflow_port=6653, encaps=("vxlan",), known=False), told)
    yield hosts
    hosts.stop()


def links(ovs: PrivateOvs) -> str:
    return subprocess.run(["ip", "-netns", ovs.namespace, "link"], check=True, capture_output=True, text=True).stdout


def underlay(ovs: PrivateOvs, address: str) -> None:
    ovs.vsctl("add-br", "br-phy", "--", "set", "bridge", "br-phy", "datapath_type=netdev", "fail_mode=standalone")
    ovs.vsctl("add-port", "br-phy", "wire")
    for argv in (["address", "add", f"{address}/24", "dev", "br-phy"], ["link", "set", "br-phy", "up"]):
        subprocess.run(["ip", "-netns", ovs.namespace, *argv], check=True)


def connected(one: PrivateOvs, two: PrivateOvs) -> None:
    ends = [["wire", "netns", ovs.namespace] for ovs in (one, two)]
    subprocess.run(["ip", "link", "add", *ends[0], "type", "veth", "peer", *ends[1]], check=True)
    set_wire(one, "up")
    set_wire(two, "up")


def set_wire(ovs: PrivateOvs, state: str) -> None:
    subprocess.run(["ip", "-netns", ovs.namespace, "link", "set", "wire", state], check=True)


def bfd(ovs: PrivateOvs, port: str) -> str:
    command = ["ovs-appctl", "-t", f"{ovs.directory}/ovs-vswitchd.ctl", "bfd/show", port]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_what_is_ordered_is_plugged_in_and_gone_when_it_is_not_ordered(
    ovs: PrivateOvs, hosts: Hosts, told: Told
) -> None:
    hosts.order(ORDER)
    hosts.follow(ovs.address)
    told.wait_for(lambda: {"nl-host", WEB.name} <= set(told.interfaces_of.get("hv1", {})))
    seen = told.interfaces_of["hv1"]
    told.wait_for(lambda: all(seen[name].ofport for name in ("nl-host", WEB.name)))
    assert (seen["nl-host"].serves, seen[WEB.name].serves, seen["nl-host"].state) == ("", "acme/web", None)
    assert ovs.column("interface", "nl-host", "mac_in_use") == "02:6e:65:74:6c:6f"
    ovs.wait_for(lambda: f"{WEB.name}: " in links(ovs) and "mtu 1400" in links(ovs))
    ovs.vsctl("set", "interface", "nl-host", "external_ids:netloom-state=ok")
    told.wait_for(lambda: seen["nl-host"].state == "ok")
    hosts.order(HostOrder("hv1", link=True))
    hosts.know_orders()
    told.wait_for(lambda: WEB.name not in seen and seen["nl-host"].state is None)
    hosts.order(HostOrder("hv1"))
    told.wait_for(lambda: "nl-host" not in seen)
    ovs.wait_for(lambda: "nl-host" not in links(ovs))


def test_a_host_may_be_told_something_else_as_often_as_intent_changes(
    ovs: PrivateOvs, hosts: Hosts, told: Told
) -> None:
    hosts.follow(ovs.address)
    hosts.know_orders()
    told.wait_for(lambda: "nl-vxlan" in told.interfaces_of.get("hv1", {}))
    for number in range(40):
        name = f"nlh{number:010x}"
        hosts.order(HostOrder("hv1", (HostPort(name, "acme/web", "02:00:00:00:00:01", (), 1400),)))
        told.wait_for(lambda name=name: name in told.interfaces_of["hv1"])
    assert "gone" not in told.calls


def test_a_restart_of_ours_keeps_what_will_be_ordered_again(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.order(ORDER)
    hosts.follow(ovs.address)
    told.wait_for(lambda: "nl-host" in told.interfaces_of.get("hv1", {}))
    told.wait_for(lambda: bool(told.interfaces_of["hv1"]["nl-host"].ofport))
    hosts.stop()
    before = ovs.vsctl("get", "open_vswitch", ".", "next_cfg")
    late = Told()
    again = Hosts(Wanted(openflow_port=6653, encaps=("vxlan",), known=False), late)
    again.follow(ovs.address)
    late.wait_for(lambda: "nl-host" in late.interfaces_of.get("hv1", {}))
    again.order(ORDER)
    again.know_orders()
    ovs.vsctl("add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal")
    late.wait_for(lambda: "vm1" in late.interfaces_of["hv1"])
    again.stop()
    assert int(ovs.vsctl("get", "open_vswitch", ".", "next_cfg")) == int(before) + 1


def test_a_physical_network_is_reached_by_its_bridge_and_told(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    ovs.vsctl("add-br", "br-ex", "--", "set", "bridge", "br-ex", "datapath_type=netdev")
    settings = (
        "external_ids:netloom-bridge-mappings=outer:br-ex,other:br-b",
        "external_ids:netloom-labels=gateway:true",
    )
    ovs.vsctl("--no-wait", "set", "open_vswitch", ".", *settings)
    hosts.follow(ovs.address)
    name = named("nlp", "outer")
    told.wait_for(lambda: name in told.interfaces_of.get("hv1", {}))
    told.wait_for(lambda: bool(told.interfaces_of["hv1"][name].ofport))
    row = told.interfaces_of["hv1"][name]
    assert (row.type, row.physical_network, row.error) == ("patch", "outer", None)
    assert told.hosts["hv1"].gateway
    assert ovs.vsctl("list-ports", "br-ex") == named("nlq", "outer")
    assert any("br-b" in problem for problem in hosts.snapshot()[0].problems)
    ovs.vsctl("--no-wait", "remove", "open_vswitch", ".", "external_ids", "netloom-bridge-mappings")
    told.wait_for(lambda: name not in told.interfaces_of["hv1"])
    ovs.wait_for(lambda: not ovs.vsctl("list-ports", "br-ex"))


def test_two_hosts_watch_each_other_and_tell_at_once_when_one_falls_silent(
    ovs: PrivateOvs, other: PrivateOvs, hosts: Hosts, told: Told
) -> None:
    connected(ovs, other)
    for host, address in ((ovs, "198.19.77.11"), (other, "198.19.77.12")):
        underlay(host, address)
        host.vsctl("--no-wait", "set", "open_vswitch", ".", f"external_ids:netloom-encap-ip={address}")
        hosts.follow(host.address)
    hosts.order(HostOrder("hv1", watches=(("hv2", "198.19.77.12"),)))
    hosts.order(HostOrder("hv2", watches=(("hv1", "198.19.77.11"),)))
    name = named("nlb", "hv2")
    told.wait_for(lambda: name in told.interfaces_of.get("hv1", {}))
    seen = told.interfaces_of["hv1"]
    assert seen[name].watch == Watch("hv2", "unknown")
    told.wait_for(lambda: seen[name].watch == Watch("hv2", "up"))
    ovs.wait_for(lambda: "RX Interval: Approx 100ms" in bfd(ovs, name))
    set_wire(other, "down")
    told.wait_for(lambda: seen[name].watch == Watch("hv2", "down"), timeout=1)
    set_wire(other, "up")
    told.wait_for(lambda: seen[name].watch == Watch("hv2", "up"))


def test_who_orders_does_not_wait_for_a_host_that_reads_nothing(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_for(lambda: "nl-vxlan" in told.interfaces_of.get("hv1", {}))
    os.kill(ovs.server.pid, signal.SIGSTOP)
    forwards = tuple(HostForward("tcp", (port, port), "169.254.64.7") for port in range(1, 20_000))
    longest = 0.0
    for count in range(1_000):
        begun = time.monotonic()
        hosts.order(HostOrder("hv1", link=True, forwards=forwards[:count]))
        longest = max(longest, time.monotonic() - begun)
    assert longest < 0.5
    os.kill(ovs.server.pid, signal.SIGCONT)
    told.wait_for(lambda: "nl-host" in told.interfaces_of.get("hv1", {}), timeout=30)
