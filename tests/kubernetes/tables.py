"""Truth tables as data: policies, and lines that say who reaches whom, the later ones overriding the earlier.

``no * -> x/a`` closes x/a to everybody, ``*/*`` are pods only, ``outside`` is somebody who is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("cases")
_NAMESPACED = "NetworkPolicy"


@dataclass(frozen=True)
class Step:
    """The policies and labels that hold at a time, and by probe (port and protocol) what is expected then."""

    policies: list[dict[str, Any]]
    labels: dict[str, dict[str, str]]
    expected: dict[tuple[int, str], tuple[str, ...]]

    def open(self, probe: tuple[int, str], source: str, target: str) -> bool:
        """Whether the table lets one reach the other."""
        reached = True
        for line in self.expected[probe]:
            word, senders, arrow, receivers = line.split()
            assert (word in ("yes", "no"), arrow) == (True, "->"), line
            if fnmatchcase(source, senders) and fnmatchcase(target, receivers):
                reached = word == "yes"
        return reached


@dataclass(frozen=True)
class Case:
    """A test of some suite: what it is about, and its steps one after the other."""

    name: str
    steps: tuple[Step, ...]


def cases() -> list[Case]:
    """All of them, by file."""
    return [_case(raw) for path in sorted(FOLDER.glob("*.yaml")) for raw in yaml.safe_load(path.read_text())]


def _case(raw: dict[str, Any]) -> Case:
    return Case(raw["name"], tuple(map(_step, raw.get("steps", [raw]))))


def _step(raw: dict[str, Any]) -> Step:
    expected = {_probe(probe): tuple(lines) for probe, lines in raw["expect"].items()}
    return Step(raw.get("policies", []), raw.get("labels", {}), expected)


def _probe(text: str) -> tuple[int, str]:
    port, _, protocol = text.partition("/")
    return int(port), protocol
