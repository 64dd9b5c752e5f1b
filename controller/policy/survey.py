"""Surveys of policy as it stands: the matrix of who reaches whom, and what is odd about the policies themselves."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from controller.policy.gates import Gates
from controller.policy.lint import Linter
from controller.policy.matrix import Cell, Matrix, Page
from controller.policy.reach import Reach
from controller.policy.values import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.policy.trying import RuleKey
    from controller.store import Store

START = Cell(-1, 0)
"""Before every cell of the matrix."""


class Survey:
    """Looks at the store as it is. Others go on meanwhile: a long answer may be of more than one moment.

    ``caught_up`` returns once the store has all that was acknowledged: who changed a policy sees that it is otherwise.
    """

    def __init__(self, store: Store, caught_up: Callable[[], None]) -> None:
        self._caught_up = caught_up
        self._store = store
        self._gates = Gates()

    def matrix(
        self,
        projects: frozenset[str] | None,
        limit: int,
        after: Cell,
        reads: Callable[[str], bool],
        breathe: Callable[[], None],
    ) -> Page:
        """A page of the matrix, of what is about some projects, or about all."""
        self._caught_up()
        return Matrix(Reach(self._store, self._gates), projects, breathe).page(limit, after, reads)

    def policies(self, projects: frozenset[str] | None) -> list[Policy]:
        """The policies of some projects, or all, by key."""
        self._caught_up()
        found = sorted(self._store.all(Policy), key=attrgetter("key"))
        return [one for one in found if projects is None or one.project in projects]

    def lint(
        self,
        policies: list[Policy],
        hits: Mapping[RuleKey, int] | None,
        reads: Callable[[str], bool],
        breathe: Callable[[], None],
    ) -> list[dict[str, Any]]:
        """What is odd about policies, the worst first."""
        found = Linter(self._store, self._gates, reads, breathe, hits).findings(policies)
        return [finding.told() for finding in sorted(found, key=_order)]


def _order(finding: Any) -> tuple[int, str, str]:
    return ("error", "warning", "info").index(finding.severity), finding.policy, finding.pointer
