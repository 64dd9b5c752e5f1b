"""A middlebox on another host gets packets of full size through a tunnel, no others; answers pass it as well."""

from __future__ import annotations

import select
import threading
from typing import TYPE_CHECKING, Self

import pytest

from mininet_scenarios import rest, tenants
from mininet_scenarios.command import until
from mininet_scenarios.probe import ping
from mininet_scenarios.tenants import Guest
from mininet_scenarios.wire import Wire

if TYPE_CHECKING:
    from types import TracebackType

    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm

pytestmark = pytest.mark.system
TO_MACHINES = b"\x02\x00\x00\x00\x00"
"""What the MACs of guests begin with: the kernels beside our wires speak to groups as well."""
LARGEST = 1450 - 28
"""Bytes of a ping that fills a packet of the network's MTU."""


class Box:
    """Hands frames between machines on from one wire to the other; ``passed`` are the lengths, by direction."""

    def __init__(self, inward: Vm, outward: Vm) -> None:
        self.passed: tuple[list[int], list[int]] = ([], [])
        self._wires = Wire(inward), Wire(outward)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        for wire in self._wires:
            wire.close()

    def _carry(self) -> None:
        while not self._ended.is_set():
            select.select(self._wires, [], [], 0.1)
            for wire, other, lengths in zip(self._wires, self._wires[::-1], self.passed, strict=True):
                for frame in wire.received():
                    if frame.startswith(TO_MACHINES):
                        other.send(frame)
                        lengths.append(len(frame))


def test_a_chain_leads_over_another_host_and_back(
    lab: Lab, daemon: Daemon, hosts: tuple[Hypervisor, ...], tenant: str
) -> None:
    here, there = hosts
    guests = Guest("cam", here, 1), Guest("nvr", here, 2), Guest("box-in", there, 3), Guest("box-out", there, 4)
    tenants.ask(daemon.rest, tenant, *guests)
    cam, nvr, inward, outward = tenants.boot(lab, tenant, *guests)
    tenants.wait_ready(daemon.rest, tenant, *(guest.name for guest in guests))
    match = {"from": {"port": "cam"}, "to": {"port": "nvr"}, "protocol": "icmp"}
    hops = [{"in": "box-in", "out": "box-out"}]
    chain = rest.resource("ServiceChain", tenant, "watched", {"match": match, "hops": hops})
    try:
        daemon.rest.apply(chain)
        assert not ping(cam, nvr.ipv4)
        with Box(inward, outward) as box:
            until(lambda: ping(cam, nvr.ipv4), 5, "the middlebox hands pings on")
            before = [len(lengths) for lengths in box.passed]
            cam.machine.run("ping", "-c2", "-i0.1", "-W2", "-M", "do", "-s", str(LARGEST), nvr.ipv4)
            assert [lengths[was:] for lengths, was in zip(box.passed, before, strict=True)] == [[LARGEST + 42] * 2] * 2
            assert ping(cam, nvr.ipv6)
            assert [len(lengths) for lengths in box.passed] == [was + 2 for was in before]
    finally:
        daemon.rest.delete(f"/projects/{tenant}/servicechains/watched")
    until(lambda: ping(cam, nvr.ipv4), 5, "pings go straight again")
