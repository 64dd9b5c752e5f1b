"""Rows and followers that several tests share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ovsdb.rows import Commit, ResourceRow


def port(name: str, spec: str = '{"network":"web"}', **labels: str) -> ResourceRow:
    return ResourceRow(
        kind="Port",
        project="acme",
        name=name,
        uid=f"uid-{name}",
        labels=tuple(sorted(labels.items())),
        spec=spec,
        allocated='{"mac":"02:00:00:00:00:01"}',
        revision=0,
        created_at="2026-01-01T00:00:00Z",
        updated_at="2026-01-01T00:00:00Z",
        author="ann",
    )


@dataclass
class Follower:
    """Collects what a database delivers."""

    commits: list[Commit] = field(default_factory=list)
    states: list[bool] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def commit(self, commit: Commit) -> None:
        with self.news:
            self.commits.append(commit)
            self.news.notify_all()

    def state(self, reachable: bool) -> None:  # noqa: FBT001 - the callback's one argument
        with self.news:
            self.states.append(reachable)
            self.news.notify_all()

    def wait_for_states(self, states: list[bool]) -> bool:
        with self.news:
            return self.news.wait_for(lambda: self.states == states, 10)

    def resources(self) -> dict[tuple[str, str, str], ResourceRow]:
        """What stands after all commits, checking that each one fits on what was before."""
        standing: dict[tuple[str, str, str], ResourceRow] = {}
        for commit in self.commits:
            for change in commit.changes:
                if change.old is not None:
                    assert standing.pop(change.old.key) == change.old
                if change.new is not None:
                    assert change.new.key not in standing
                    standing[change.new.key] = change.new
        return standing
