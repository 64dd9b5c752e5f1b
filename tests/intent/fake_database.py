"""An intent database in memory: the same promises as the real one, without a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ovsdb.intent import StaleRevision
from ovsdb.rows import Commit, ResourceChange, ResourceRow, TokenRow


@dataclass(slots=True)
class FakeDatabase:
    """Commits to memory and tells the follower before it answers, as the monitor of the real one does."""

    on_commit: Callable[[Commit], object]
    revision: int = 0
    rows: dict[tuple[str, str, str], ResourceRow] = field(default_factory=dict)
    token_rows: dict[str, TokenRow] = field(default_factory=dict)
    transactions: int = 0
    certain: bool = True

    def start(self) -> None:
        """Tell the follower of everything."""
        changes = tuple(ResourceChange(None, row) for row in self.rows.values())
        self.on_commit(Commit(self.revision, changes, initial=True))

    def transact(self, revision: int, changes: Sequence[ResourceChange], author: str) -> int:
        """Commit on top of a revision."""
        if revision != self.revision:
            raise StaleRevision(f"intent is not at revision {revision} any more")
        for change in changes:
            self._check(change, author)
        for change in changes:
            if change.new is None and change.old is not None:
                del self.rows[change.old.key]
            elif change.new is not None:
                self.rows[change.new.key] = change.new
        self.revision += 1
        self.transactions += 1
        self.on_commit(Commit(self.revision, tuple(changes), author=author))
        return self.revision

    def _check(self, change: ResourceChange, author: str) -> None:
        new, old = change.new, change.old
        assert old is not None or new is not None
        assert old is None or self.rows[old.key] == old
        assert new is None or (new.revision == self.revision + 1 and new.author == author and new.created_at)

    def tokens(self) -> tuple[TokenRow, ...]:
        """Every token."""
        return tuple(self.token_rows.values())

    def put_token(self, token: TokenRow) -> None:
        """Make or change a token."""
        self.token_rows[token.name] = token

    def delete_token(self, name: str) -> bool:
        """Delete a token; answers whether there was one."""
        return self.token_rows.pop(name, None) is not None
