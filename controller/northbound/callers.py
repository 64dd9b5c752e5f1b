"""Who is asking, and how far that reaches.

``admin`` may everything; ``operator`` reads everything; ``member`` reads and writes its projects; ``viewer`` reads
them. A project that a caller may not read does not exist for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from controller.errors import Forbidden, NotFound

Role: TypeAlias = Literal["admin", "operator", "member", "viewer"]


@dataclass(frozen=True, slots=True)
class Caller:
    """A token's name, role and projects."""

    name: str
    role: str
    projects: frozenset[str]

    @property
    def reads_all(self) -> bool:
        """Whether all projects and the inventory are open to reading."""
        return self.role in ("admin", "operator")

    def reads(self, project: str) -> bool:
        """Whether a project can be seen."""
        return self.reads_all or project in self.projects

    def writes(self, project: str) -> bool:
        """Whether what belongs to a project can be changed; "" is what belongs to none."""
        return self.role == "admin" or (self.role == "member" and project in self.projects)

    @property
    def writable(self) -> frozenset[str] | None:
        """The projects that can be changed; None for all of them, and what belongs to none."""
        if self.role == "admin":
            return None
        return self.projects if self.role == "member" else frozenset()

    def must_read(self, project: str) -> None:
        """Raise NotFound for a project that the caller may not see."""
        if not self.reads(project):
            raise NotFound(f"Project {project} does not exist" if project else "there is no such resource")

    def about(self, project: str | None) -> frozenset[str] | None:
        """The projects that an answer is about if one is named, or None; None for all of them. Raises NotFound."""
        if project is None:
            return None if self.reads_all else self.projects
        self.must_read(project)
        return frozenset((project,))

    def must_write(self, project: str) -> None:
        """Raise NotFound or Forbidden for a project that the caller may not change."""
        self.must_read(project)
        if not self.writes(project):
            raise Forbidden(f"the role {self.role} of token {self.name} may not change project {project}")

    def must_read_all(self) -> None:
        """Raise Forbidden unless the inventory is open to the caller."""
        if not self.reads_all:
            raise Forbidden(f"the role {self.role} reads its projects only")

    def must_administer(self) -> None:
        """Raise Forbidden unless the caller is an administrator."""
        if self.role != "admin":
            raise Forbidden(f"only the role admin may do this, and token {self.name} has {self.role}")
