"""A fat tree of 320 switches and 1,024 machines: how soon all of them know what to do about a link that fails.

From when the wire is known to be down to the last byte of the last flow that changes; switches answer at once. Beside
it stands what the same number of flows to the same switches takes where there is nothing to work out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.bench.figure import Figure, median

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = 16
SMALLER = 8
PARTS = {"routes": "next hops worked out and told", "compile": "flows compiled", "send": "flows packed and sent"}


def measure() -> Iterator[Figure]:
    """The large tree, and for comparison how the time grows from a smaller one."""
    told, less = _run(WAYS), _run(SMALLER)
    name = f"in a fat tree of {told['bridges']} switches and {told['machines']:,} machines"
    failed, back, switch = told["rows"]["failed"], told["rows"]["back"], told["rows"]["switch"][0]
    worst = max(row["all"] for row in failed)
    yield Figure(f"one link failure {name}, all changed flows sent, worst of {len(failed)}", worst, "ms", bound=500)
    yield Figure("the same, median", median([row["all"] for row in failed]), "ms")
    for part, words in PARTS.items():
        yield Figure(f"of this: {words}", median([row[part] for row in failed]), "ms")
    yield Figure("as many flows to the same switches, nothing to work out", median([r["floor"] for r in failed]), "ms")
    yield Figure("flows that one link failure changes, at most", max(row["flows"] for row in failed), "flows")
    yield Figure("switches that it concerns, at most", max(row["bridges"] for row in failed), "switches")
    before = median([row["all"] / row["flows"] for row in less["rows"]["failed"]])
    ratio = median([row["all"] / row["flows"] for row in failed])
    yield Figure(f"time for each changed flow, against {less['bridges']} switches", ratio, "ms", baseline=before)
    yield Figure("the link comes back, without loss, all sent, worst", max(row["all"] for row in back), "ms")
    yield Figure("a switch of the middle fails with all its links, all sent", switch["all"], "ms")
    yield Figure("flows for routes on a switch, at most", told["transit"], "flows", bound=told["destinations"])
    yield Figure("from nothing to all switches in sync", told["built"], "s")
    yield Figure("memory of the process with core, atlas and simulated switches", told["memory"], "MB")


def _run(ways: int) -> dict[str, Any]:
    """What the measurement in a process of its own tells."""
    argv = [sys.executable, "-m", "tests.bench.fat_tree_alone", str(ways)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told
