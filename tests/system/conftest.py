"""What tests on real switches share: a lab for each worker with the daemon and two hosts, a tenant for each test."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from mininet_scenarios.lab import Lab
from mininet_scenarios.tenants import take_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab whose daemon and hosts all tests of a worker use; a test that breaks something mends it."""
    assert os.geteuid() == 0, "these tests make network namespaces: run them as root, or make test-unit without them"
    with Lab() as built:
        built.start_daemon({"network": {"quarantine": 0}})  # many of these tests take and give back addresses
        built.join(built.hypervisor("hv1"), built.hypervisor("hv2"))
        yield built


@pytest.fixture
def daemon(lab: Lab) -> Daemon:
    """The lab's daemon, running."""
    assert lab.daemon is not None
    return lab.daemon


@pytest.fixture
def hosts(lab: Lab) -> tuple[Hypervisor, ...]:
    """The lab's hosts, hv1 and hv2."""
    return tuple(lab.hypervisors.values())


@pytest.fixture
def tenant(request: pytest.FixtureRequest, daemon: Daemon) -> Iterator[str]:
    """A project's name that no other test uses; whatever the test made in it is gone afterwards."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    yield name
    take_back(daemon.rest, name, "ports", "networks")
