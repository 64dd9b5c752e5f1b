"""A host that joins gets its bridge, controllers and tunnels by one transaction, and by none when it has them."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from private_ovs import PrivateOvs
from told import Told

from ovsdb.host_plan import Wanted
from ovsdb.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.system
WANTED = Wanted(openflow_port=6653)


@pytest.fixture
def ovs(tmp_path: Path) -> Iterator[PrivateOvs]:
    ovs = PrivateOvs(tmp_path / "ovs", "hv1")
    yield ovs
    ovs.stop()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[PrivateOvs]:
    """A host without ovs-vswitchd: its rows stay what the test makes of them."""
    ovs = PrivateOvs(tmp_path / "database", "hv2", switch=False)
    yield ovs
    ovs.stop()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def hosts(told: Told) -> Iterator[Hosts]:
    hosts = Hosts(WANTED, told)
    yield hosts
    hosts.stop()


def test_a_host_gets_all_it_needs_and_the_datapath_that_works(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    row = told.hosts["hv1"]
    assert ovs.column("bridge", "br-int", "datapath_id") == f"{row.dpid:016x}"
    kernel = Path("/sys/module/openvswitch").exists()
    assert row.datapath_type == ("system" if kernel else "netdev")
    assert row.encap_ip is None
    assert ovs.column("bridge", "br-int", "fail_mode") == "secure"
    assert "OpenFlow15" in ovs.column("bridge", "br-int", "protocols")
    assert ovs.vsctl("get-controller", "br-int") == "tcp:127.0.0.1:6653"
    ofports = {row.name: row.ofport for row in told.interfaces_of["hv1"].values()}
    assert ofports == {"br-int": 65534, "nl-vxlan": 65001, "nl-geneve": 65002, "nl-gre": 65003}


def test_a_restart_of_ours_writes_nothing(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    hosts.stop()
    before = ovs.column("open_vswitch", ".", "next_cfg")
    again = Told()
    later = Hosts(WANTED, again)
    later.follow(ovs.address)
    again.wait_until_whole("hv1")
    later.set_encaps(WANTED.encaps)
    ovs.vsctl("--no-wait", "set", "open_vswitch", ".", "external_ids:hostname=node7")
    again.wait_for(lambda: again.hosts["hv1"].hostname == "node7")
    later.stop()
    assert ovs.column("open_vswitch", ".", "next_cfg") == before, "each of our transactions counts it up"


def test_what_somebody_changes_by_hand_is_mended(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    dpid = told.hosts["hv1"].dpid
    ovs.vsctl("--no-wait", "set-fail-mode", "br-int", "standalone")
    ovs.vsctl("--no-wait", "del-controller", "br-int")
    ovs.vsctl("--no-wait", "del-port", "nl-gre")
    ovs.wait_for(lambda: ovs.column("bridge", "br-int", "fail_mode") == "secure")
    ovs.wait_for(lambda: ovs.vsctl("get-controller", "br-int") == "tcp:127.0.0.1:6653")
    told.wait_until_whole("hv1")
    ovs.vsctl("--no-wait", "del-br", "br-int")
    ovs.wait_for(lambda: "br-int" in ovs.vsctl("list-br"))
    told.wait_until_whole("hv1")
    assert told.hosts["hv1"].dpid == dpid


def test_tunnel_ports_follow_the_encapsulations_in_use(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.set_encaps(("geneve",))
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1", tunnels=1)
    hosts.set_encaps(("vxlan", "geneve"))
    told.wait_until_whole("hv1", tunnels=2)
    hosts.set_encaps(("vxlan",))
    told.wait_for(lambda: set(told.interfaces_of["hv1"]) == {"br-int", "nl-vxlan"})


def test_interfaces_are_told_as_they_come_change_and_go(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    seen = told.interfaces_of["hv1"]
    ovs.vsctl("add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal")
    told.wait_for(lambda: "vm1" in seen and seen["vm1"].ofport is not None)
    assert (seen["vm1"].type, seen["vm1"].iface_id) == ("internal", None)
    ovs.vsctl("set", "interface", "vm1", "external_ids:iface-id=acme/web-1", "external_ids:other=x")
    told.wait_for(lambda: seen["vm1"].iface_id == "acme/web-1")
    ovs.vsctl("set", "interface", "vm1", "external_ids:iface-id=acme/web-2")
    told.wait_for(lambda: seen["vm1"].iface_id == "acme/web-2")
    ovs.vsctl("remove", "interface", "vm1", "external_ids", "iface-id")
    told.wait_for(lambda: seen["vm1"].iface_id is None)
    add = ("add-port", "br-int", "nothere")
    subprocess.run(["ovs-vsctl", f"--db={ovs.address}", *add], check=False, capture_output=True)
    told.wait_for(lambda: "nothere" in seen and seen["nothere"].error is not None)
    assert seen["nothere"].ofport is None
    ovs.vsctl("del-port", "vm1", "--", "del-port", "nothere")
    told.wait_for(lambda: "vm1" not in seen and "nothere" not in seen)
    ovs.vsctl("add-br", "br-else", "--", "set", "bridge", "br-else", "datapath_type=netdev")
    ovs.vsctl("set", "bridge", "br-int", "external_ids:mark=1")
    assert "br-else" not in seen


def test_a_vm_that_moves_between_bridges_comes_and_goes(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    ovs.vsctl("add-br", "br-else", "--", "set", "bridge", "br-else", "datapath_type=netdev")
    ovs.vsctl("add-port", "br-else", "vm1", "--", "set", "interface", "vm1", "type=internal")
    ovs.vsctl("del-port", "vm1", "--", "add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal")
    told.wait_for(lambda: "vm1" in told.interfaces_of["hv1"])
    ovs.vsctl("del-port", "vm1", "--", "add-port", "br-else", "vm1", "--", "set", "interface", "vm1", "type=internal")
    told.wait_for(lambda: "vm1" not in told.interfaces_of["hv1"])


def test_a_host_comes_to_us_and_is_reached_where_it_came_from(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    port = hosts.listen("ptcp:0:127.0.0.1")
    ovs.vsctl("--no-wait", "set", "open_vswitch", ".", "external_ids:netloom-encap-ip=198.18.0.1")
    ovs.vsctl("--no-wait", "set-manager", f"tcp:127.0.0.1:{port}")
    told.wait_until_whole("hv1")
    assert told.hosts["hv1"].encap_ip == "198.18.0.1"
    assert ovs.vsctl("get-controller", "br-int") == "tcp:127.0.0.1:6653"
    assert [status.connected for status in hosts.snapshot()] == [True]
    ovs.vsctl("--no-wait", "del-manager")
    told.wait_for(lambda: not told.hosts)
    assert told.calls.count("gone") == 1


def test_a_second_host_of_the_same_name_is_refused_and_reported(
    ovs: PrivateOvs, database: PrivateOvs, hosts: Hosts, told: Told
) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    database.vsctl("--no-wait", "set", "open_vswitch", ".", "external_ids:system-id=hv1")
    hosts.follow(database.address)
    ovs.wait_for(lambda: any("taken" in problem for status in hosts.snapshot() for problem in status.problems))
    assert database.vsctl("--no-wait", "list-br") == ""
    assert list(told.hosts) == ["hv1"]
    database.vsctl("--no-wait", "set", "open_vswitch", ".", "external_ids:system-id=hv2")
    told.wait_for(lambda: set(told.hosts) == {"hv1", "hv2"})


def test_a_host_that_was_cut_off_is_told_anew(ovs: PrivateOvs, hosts: Hosts, told: Told) -> None:
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    ovs.server.stop(0)
    told.wait_for(lambda: not told.hosts)
    assert not hosts.snapshot()[0].connected
    assert hosts.snapshot()[0].problems
    ovs.server = ovs.started_server()
    told.wait_until_whole("hv1")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"{" * 100_000,
        b'{"id":1,"result":{"Open_vSwitch":[]},"error":null}',
        b'{"id":1,"result":{"Open_vSwitch":{"u":{"initial":{"external_ids":["map",[["system-id",7]]]}}}},"error":null}',
        b'{"id":1,"result":{"Interface":{"u":{"modify":{"name":"x"}}}},"error":null}',
        b'{"id":1,"result":{"Bridge":{"u":{"initial":{"ports":["set",[["uuid",1]]]}}}},"error":null}',
        b'{"id":1,"result":{"Bridge":{"u":7}},"error":null}',
    ],
)
def test_a_hostile_host_loses_its_own_session_only(ovs: PrivateOvs, hosts: Hosts, told: Told, nonsense: bytes) -> None:
    port = hosts.listen("ptcp:0:127.0.0.1")
    hosts.follow(ovs.address)
    told.wait_until_whole("hv1")
    with socket.create_connection(("127.0.0.1", port), 5) as hostile:
        asked = json.loads(hostile.recv(65536))
        assert asked["method"] == "monitor_cond"
        hostile.sendall(nonsense)
        if nonsense.startswith(b"{{"):
            hostile.shutdown(socket.SHUT_WR)
        assert hostile.recv(100) == b""
    ovs.vsctl("add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal")
    told.wait_for(lambda: "vm1" in told.interfaces_of["hv1"])
    assert "gone" not in told.calls


def test_ten_thousand_interfaces_are_followed_and_one_more_costs_little(
    database: PrivateOvs, hosts: Hosts, told: Told
) -> None:
    hosts.follow(database.address)
    told.wait_for(lambda: "nl-gre" in told.interfaces_of.get("hv2", {}))
    database.transact(*plugged(10_000))
    told.wait_for(lambda: len(told.interfaces_of["hv2"]) == 10_004)
    calls = len(told.calls)
    for number in range(100):
        row = {"external_ids": ["map", [["iface-id", f"acme/moved-{number}"]]]}
        database.transact({"op": "update", "table": "Interface", "where": [["name", "==", f"vm{number}"]], "row": row})
    told.wait_for(lambda: told.interfaces_of["hv2"]["vm99"].iface_id == "acme/moved-99")
    assert len(told.calls) <= calls + 100


def plugged(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        row = {"name": f"vm{number}", "external_ids": ["map", [["iface-id", f"acme/vm{number}"]]], "ofport": number + 1}
        yield {"op": "insert", "table": "Interface", "uuid-name": f"i{number}", "row": row}
        port = {"name": f"vm{number}", "interfaces": ["named-uuid", f"i{number}"]}
        yield {"op": "insert", "table": "Port", "uuid-name": f"p{number}", "row": port}
    ports = ["set", [["named-uuid", f"p{number}"] for number in range(count)]]
    yield {
        "op": "mutate",
        "table": "Bridge",
        "where": [["name", "==", "br-int"]],
        "mutations": [["ports", "insert", ports]],
    }
