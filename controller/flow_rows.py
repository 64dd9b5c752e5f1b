"""Flows for people: by table name, as ovs-ofctl text, each with the intent and the feature that it is for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from controller.flow.text import actions_text, match_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from controller.compiler.compiler import Compiler
    from controller.flow.flow import Flow
    from controller.southbound.wire import FlowEvent

ROWS_A_BREATH = 100


class FlowRows:
    """Reads the catalogue; ``tables`` are the pipeline's names by number."""

    def __init__(self, compiler: Compiler, tables: Mapping[int, str]) -> None:
        self._compiler = compiler
        self._tables = dict(tables)

    def rows(self, chassis: Iterable[str], owner: str | None) -> Iterator[dict[str, object]]:
        """Desired flows of some chassis in pipeline order; those of one owner, like ``Port acme/web-1``, if given."""
        for name in chassis:
            for number, flow in enumerate(sorted(self._compiler.catalogue.flows(name), key=_pipeline_order), 1):
                if not number % ROWS_A_BREATH:
                    time.sleep(0)
                owners = self.owners(flow)
                if owner is None or owner in owners:
                    yield {"chassis": name, **self.row(flow), "owners": owners}

    def row(self, flow: Flow) -> dict[str, object]:
        """One flow."""
        return {
            "table": self._tables.get(flow.table, str(flow.table)),
            "priority": flow.priority,
            "match": match_text(flow.match),
            "actions": actions_text(flow.instructions, self._tables),
            "cookie": f"{flow.cookie:#018x}",
        }

    def owners(self, flow: Flow) -> list[str]:
        """The resources a flow is for, and the features that made it."""
        found = set[str]()
        for node in self._compiler.catalogue.owners(flow):
            rule, kind, key = self._compiler.engine.owner(node)
            subjects = self._compiler.subjects(node)
            found.update(f"{sort} {owner}" for sort, owner in subjects)
            if not subjects:
                found.add(f"{kind.__name__} {key}")
            found.add(f"feature {rule}")
        return sorted(found)

    def words(self, event: FlowEvent) -> str:
        """A flow as a switch told of it, in one line."""
        table = self._tables.get(event.table, str(event.table))
        fades = (("idle_timeout", event.idle_timeout), ("hard_timeout", event.hard_timeout))
        timeouts = "".join(f" {name}={seconds}" for name, seconds in fades if seconds)
        does = actions_text(event.instructions, self._tables)
        return f"{table} priority={event.priority}{timeouts} {match_text(event.match)} actions={does}"


def _pipeline_order(flow: Flow) -> tuple[int, int, bytes]:
    return (flow.table, -flow.priority, flow.match)
