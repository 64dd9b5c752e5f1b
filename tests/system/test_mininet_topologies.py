"""Topologies that Mininet makes itself, with us as the remote controller: everyone reaches everyone, loops or not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from mininet_scenarios import tenants, topologies
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.ovs import Ovs
from mininet_scenarios.topologies import RunningTopology

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system
TOPOLOGIES = ("single,8", "linear,8", "tree,3,3", "torus,4,4")
TENANT = "lab"
PAUSE = 3.0  # seconds from when Mininet has started to its first ping


@pytest.fixture(scope="module")
def scene() -> Iterator[tuple[Lab, Ovs]]:
    """A lab with a daemon, and an Open vSwitch for Mininet."""
    with Lab() as lab:
        lab.start_daemon({"network": {"quarantine": 0}})
        machine = lab.machine("mn")
        ovs = Ovs(machine, lab.directory.path / "mn")
        ovs.start()
        yield lab, ovs


@pytest.fixture(params=TOPOLOGIES)
def name(request: pytest.FixtureRequest, scene: tuple[Lab, Ovs]) -> Iterator[str]:
    """A topology; what a test asked for in it is taken back."""
    asked: str = request.param
    yield asked
    tenants.take_back(scene[0].client, TENANT, "ports", "networks")


def test_all_reach_all_three_seconds_after_the_start(scene: tuple[Lab, Ovs], name: str) -> None:
    lab, ovs = scene
    lab.client.apply(*topologies.resources(TENANT, name), wait=0)
    running = RunningTopology(lab, ovs, name)
    try:
        until(lambda: time.monotonic() >= running.started + PAUSE, PAUSE + 1, "it is time to ping")
        told = running.ping_all()
    finally:
        running.stop()
    assert told["lost"] == 0, told["words"]


def test_all_reach_all_once_what_is_asked_for_later_is_ready(scene: tuple[Lab, Ovs], name: str) -> None:
    lab, ovs = scene
    running = RunningTopology(lab, ovs, name)
    try:
        lab.wait_chassis(*topologies.switches(name))
        lab.client.apply(*topologies.resources(TENANT, name))
        tenants.wait_ready(lab.client, TENANT, *(place.host for place in topologies.places(name)))
        told = running.ping_all()
    finally:
        running.stop()
    assert told["lost"] == 0, told["words"]
