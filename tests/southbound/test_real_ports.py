"""What Open vSwitch itself says of its ports: their state as it changes, their speed, what they counted."""

from __future__ import annotations

import socket
import subprocess
from functools import partial
from typing import TYPE_CHECKING

import pytest

from controller.southbound import flow_counts, port_counts, wire
from controller.southbound.flow_counts import CountsReport
from controller.southbound.ports import PORT_DESCRIPTION, PortDescription, told
from controller.southbound.xids import Concern
from mininet_scenarios.command import until
from mininet_scenarios.wire import ETH_P_ALL, socket_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real_switch import Client, RealSwitch

pytestmark = pytest.mark.system
BRIDGE, HERE, THERE, NUMBER = "ports", "ports-a", "ports-b", 5
ALL_PORTS = bytes.fromhex("ffffffff00000000")
FRAME = bytes.fromhex("ffffffffffff 02000000000a 88b5".replace(" ", "")) + bytes(1000)


@pytest.fixture
def client(real_switch: RealSwitch) -> Iterator[Client]:
    """A session with a bridge that has one end of a cable at port 5."""
    run = [*real_switch.namespaced, "ip", "link"]
    subprocess.run([*run, "add", HERE, "type", "veth", "peer", "name", THERE], check=True)
    for name in (HERE, THERE):
        subprocess.run([*run, "set", name, "up"], check=True)
    real_switch.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev", "fail_mode=secure")
    real_switch.vsctl("add-port", BRIDGE, HERE, "--", "set", "interface", HERE, f"ofport_request={NUMBER}")
    session = real_switch.client(BRIDGE)
    yield session
    session.close()
    real_switch.vsctl("del-br", BRIDGE)
    subprocess.run([*run, "del", HERE], check=True)


def port(client: Client) -> PortDescription | None:
    """Port 5 as it is described."""
    client.send(wire.multipart_request(PORT_DESCRIPTION, 9, ALL_PORTS))
    news = next(found for message in client.messages() if (found := told(message)) is not None)
    return next((one for one in news.there if one.number == NUMBER), None)


def is_so(client: Client, up: object) -> bool:
    found = port(client)
    return found is not None and found.up is up


def test_a_port_is_told_with_its_name_its_mac_and_its_speed(client: Client) -> None:
    found = port(client)
    assert found is not None
    assert (found.name, found.up, found.speed) == (HERE, True, 10_000.0)
    assert len(bytes.fromhex(found.address.replace(":", ""))) == 6


def test_a_cable_that_is_pulled_takes_its_port_down_until_it_is_back(real_switch: RealSwitch, client: Client) -> None:
    for state in ("down", "up"):
        subprocess.run([*real_switch.namespaced, "ip", "link", "set", THERE, state], check=True)
        until(partial(is_so, client, state == "up"), 10, f"the port is {state}")
    real_switch.vsctl("del-port", BRIDGE, HERE)
    until(lambda: port(client) is None, 10, "the port is gone")


def test_what_came_in_by_a_port_is_counted(real_switch: RealSwitch, client: Client) -> None:
    with socket_in(real_switch.daemons[0].pid, socket.AF_PACKET, socket.SOCK_RAW, ETH_P_ALL) as mouth:
        mouth.bind((THERE, 0))
        while not (found := counted(client)).received > len(FRAME):
            mouth.send(FRAME)
    assert found.age > 0


def counted(client: Client) -> port_counts.PortCount:
    """What port 5 has counted."""
    xid = Concern.COUNTS.xid(3)
    client.send(port_counts.ports_request(xid))
    report = next(found for found in client.received() if isinstance(found, CountsReport) and found.xid == xid)
    return next(count for count in report.counts if count.port == NUMBER)


def test_a_switch_answers_at_once_when_it_is_asked_how_far_it_is(client: Client) -> None:
    xid = Concern.COUNTS.xid(4)
    client.send(flow_counts.echo_request(xid))
    assert next(client.received()) == CountsReport(xid, (), more=False)
