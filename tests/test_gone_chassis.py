"""Bridges that come under ever new names leave nothing behind when they are forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.atlas.excused import Excused
from controller.atlas.figures import Figures
from controller.dead_ports import DeadPorts
from controller.entities import Chassis
from controller.gone_chassis import GoneChassis
from controller.links import DeadPort
from controller.port_table import PortTable
from controller.southbound.ports import PortDescription
from controller.store import Store

if TYPE_CHECKING:
    from controller.inventory import News

PORTS = (PortDescription(1, "a", speed=1000.0), PortDescription(2, "b", up=False))


def test_of_a_chassis_that_is_no_more_nobody_remembers_ports() -> None:
    told: list[News] = []
    dead, table, figures, store = DeadPorts(told.append), PortTable(lambda *_: None), Figures(), Store({})
    excused = Excused(lambda *_: None)
    watchers = (dead.ports, table.ports, figures.ports, excused.ports)
    gone = GoneChassis(store, watchers)
    for name in ("s1", "s2"):
        changed: set[tuple[Any, ...]] = set()
        store.put(Chassis(name, 1), changed)
        gone.compiled(changed)
        figures.returned(name, 0.001)
        for watcher in watchers:
            watcher(name, PORTS)
    changed = set()
    store.delete(Chassis, "s1", changed)
    gone.compiled(changed)
    assert told[-1].deletes == [(DeadPort, "s1/2")]
    measured = figures._speeds, figures._latencies._switches  # noqa: SLF001
    kept = dead._dead, table._there, *measured, excused._told  # noqa: SLF001
    assert [list(each) for each in kept] == [["s2"]] * len(kept)
