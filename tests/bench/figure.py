"""A figure: what was measured, beside what it is compared with and what was promised."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    ``baseline`` is what the same work takes without us, in the same unit; ``ratio`` is value to baseline, both from
    this run. ``bound`` is the most that was promised, or with ``least`` the least: of the ratio where there is one,
    else of the value; None promises nothing.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    baseline: float | None = None
    least: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times the baseline."""
        return self.value / self.baseline if self.baseline else None

    @property
    def holds(self) -> bool | None:
        """Whether the promise is kept; None where nothing is promised."""
        if self.bound is None:
            return None
        reached = self.value if self.ratio is None else self.ratio
        return reached >= self.bound if self.least else reached <= self.bound

    def row(self) -> dict[str, object]:
        """As it stands in ``bench.json``."""
        row = {**asdict(self), "ratio": self.ratio, "holds": self.holds}
        return {name: row[name] for name in ("name", "value", "unit", "baseline", "ratio", "bound", "least", "holds")}


def median(samples: Sequence[float]) -> float:
    """Half of the samples are smaller."""
    return statistics.median(samples)


def percentile(samples: Sequence[float], percent: int) -> float:
    """The smallest sample that at least ``percent`` of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
