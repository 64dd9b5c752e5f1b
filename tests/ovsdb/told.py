"""A listener that keeps what hosts told, and lets a test wait for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ovsdb.rows import ChassisRow, InterfaceRow


class Told:
    """What the events said, in order."""

    def __init__(self) -> None:
        self.news = threading.Condition()
        self.hosts: dict[str, ChassisRow] = {}
        self.interfaces_of: dict[str, dict[str, InterfaceRow]] = {}
        self.calls: list[str] = []

    def chassis(self, row: ChassisRow) -> None:
        with self.news:
            self.calls.append("chassis")
            self.hosts[row.name] = row
            self.interfaces_of.setdefault(row.name, {})
            self.news.notify_all()

    def interfaces(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...]) -> None:
        with self.news:
            self.calls.append("interfaces")
            for name in removed:
                del self.interfaces_of[chassis][name]
            self.interfaces_of[chassis].update({row.name: row for row in changed})
            self.news.notify_all()

    def gone(self, chassis: str) -> None:
        with self.news:
            self.calls.append("gone")
            del self.hosts[chassis]
            del self.interfaces_of[chassis]
            self.news.notify_all()

    def wait_for(self, condition: Callable[[], bool], timeout: float = 10) -> None:
        with self.news:
            assert self.news.wait_for(condition, timeout), (self.hosts, self.interfaces_of)

    def wait_until_whole(self, name: str, tunnels: int = 3) -> None:
        self.wait_for(lambda: name in self.hosts and self.hosts[name].dpid is not None)
        self.wait_for(lambda: sum(row.name.startswith("nl-") for row in self.interfaces_of[name].values()) == tunnels)
        self.wait_for(lambda: all(row.ofport for row in self.interfaces_of[name].values()))
