"""The doctor names what is wrong with a host and the command that mends it, and finds nothing on one that is well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from private_ovs import PrivateOvs

from ovsdb.doctor import Finding, diagnose, findings
from ovsdb.doctor_facts import DatabaseFacts, Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BRIDGE = {
    "name": "br-int",
    "datapath_type": "netdev",
    "fail_mode": "secure",
    "protocols": frozenset({"OpenFlow15"}),
    "controller": frozenset({"c"}),
}
DATABASE = DatabaseFacts(
    external_ids={"system-id": "hv1", "netloom-encap-ip": "198.18.0.1"},
    bridges=(BRIDGE,),
    controllers={"c": {"target": "tcp:198.18.0.9:6653", "is_connected": True}},
    managers=({"target": "tcp:198.18.0.9:6640", "is_connected": True},),
    interfaces=({"name": "vm1", "external_ids": {"iface-id": "acme/web-1"}}, {"name": "nl-vxlan"}),
)
WELL = Facts(
    socket_path="/run/openvswitch/db.sock",
    missing_programs=(),
    obstacle="",
    switch_version="ovs-vswitchd (Open vSwitch) 3.1.0",
    kernel_module=False,
    mtus={"198.18.0.1": 1600},
    database=DATABASE,
)


def wrong(facts: Facts) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings(facts) if not finding.ok}


def with_rows(**changes: Any) -> Facts:
    return replace(WELL, database=replace(DATABASE, **changes))


def test_a_host_that_is_well_has_no_finding_against_it() -> None:
    assert wrong(WELL) == {}
    assert len(findings(WELL)) == 14


@pytest.mark.parametrize("obstacle", ["absent", "denied", "refused", "closed by the peer"])
def test_without_the_database_only_its_cause_is_named(obstacle: str) -> None:
    found = wrong(replace(WELL, obstacle=obstacle, database=None))
    assert list(found) == ["database"]
    assert found["database"].remedy


@pytest.mark.parametrize(
    ("facts", "check", "says"),
    [
        (replace(WELL, missing_programs=("ovs-vswitchd",)), "installed", "apt install"),
        (replace(WELL, switch_version=None), "switch", "restart"),
        (replace(WELL, switch_version="ovs-vswitchd (Open vSwitch) 2.16.9"), "version", "2.17"),
        (with_rows(bridges=({**BRIDGE, "datapath_type": ""},)), "datapath", "modprobe openvswitch"),
        (with_rows(external_ids={}), "system-id", "external_ids:system-id="),
        (replace(WELL, mtus={}), "encap-ip", "external_ids:netloom-encap-ip="),
        (replace(WELL, mtus={"198.18.0.1": 1300}), "mtu", "mtu 1350"),
        (with_rows(bridges=()), "bridge", "set-manager"),
        (with_rows(managers=(), bridges=()), "manager", "set-manager"),
        (with_rows(managers=({"target": "tcp:192.0.2.1:6640"},)), "manager", "set-manager"),
        (with_rows(bridges=({**BRIDGE, "protocols": frozenset({"OpenFlow13"})},)), "protocols", "OpenFlow15"),
        (with_rows(bridges=({**BRIDGE, "fail_mode": None},)), "fail-mode", "set-fail-mode br-int secure"),
        (with_rows(controllers={"c": {"target": "tcp:192.0.2.1:6653"}}), "controller", "netloom serve"),
        (with_rows(controllers={}), "controller", "set-manager"),
        (with_rows(interfaces=({"name": "nl-gre", "error": "no such device"},)), "tunnel", "del-port nl-gre"),
        (with_rows(interfaces=({"name": "tap1", "error": "no such device"},)), "interface", "del-port tap1"),
        (with_rows(interfaces=({"name": "a", "external_ids": {"iface-id": "x"}},) * 2), "iface-id", "iface-id"),
    ],
)
def test_each_fault_is_found_with_its_remedy(facts: Facts, check: str, says: str) -> None:
    found = wrong(facts)
    assert check in found
    assert says in found[check].remedy


@pytest.fixture
def ovs(tmp_path: Path) -> Iterator[PrivateOvs]:
    ovs = PrivateOvs(tmp_path / "ovs", "hv1")
    yield ovs
    ovs.stop()


@pytest.mark.system
def test_a_real_host_is_read_and_what_is_stopped_is_noticed(ovs: PrivateOvs) -> None:
    socket_path = f"{ovs.directory}/db.sock"
    ovs.vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev")
    found = {finding.check: finding for finding in diagnose(socket_path)}
    assert found["switch"].ok
    assert found["version"].ok
    assert found["system-id"].detail == "hv1"
    assert not found["fail-mode"].ok
    assert not found["controller"].ok
    assert ovs.switch is not None
    ovs.switch.stop(5)
    assert not {finding.check: finding for finding in diagnose(socket_path)}["switch"].ok
    ovs.server.stop(5)
    assert "no socket" in diagnose(socket_path)[1].detail
