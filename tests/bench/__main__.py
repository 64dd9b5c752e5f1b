"""``python -m tests.bench``: every promise about speed, measured on this machine, in one table and in ``bench.json``.

Needs root and Open vSwitch. It ends with 0 whatever the figures are: a bound that does not hold is said, not enforced.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.bench import (
    connections,
    fat_tree,
    first_ping,
    leases,
    many_flows,
    paths,
    policy_apply,
    policy_preview,
    policy_size,
    restart,
    routed_flows,
    routed_nat,
    scale,
)
from tests.bench.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MEASUREMENTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "first_ping": first_ping.measure,
    "scale": scale.measure,
    "many_flows": many_flows.measure,
    "restart": restart.measure,
    "policy_size": policy_size.measure,
    "policy_apply": policy_apply.measure,
    "policy_preview": policy_preview.measure,
    "leases": leases.measure,
    "routed_nat": routed_nat.measure,
    "connections": connections.measure,
    "routed_flows": routed_flows.measure,
    "fat_tree": fat_tree.measure,
    "paths": paths.measure,
}
RESULT = Path("bench.json")
BUSY = 0.5


def main() -> int:
    """Measure what is asked for, all of it unless told otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS))
    errors = Console(stderr=True)
    asked = parser.parse_args().only or list(MEASUREMENTS)
    if os.geteuid():
        errors.print("this needs root: it makes network namespaces")
        return 2
    load = os.getloadavg()[0]
    if load > BUSY:
        errors.print(f"others use this machine (load {load:.1f}): figures will be worse than they could be")
    figures = [Figure("load of this machine before we began", load, "processes")]
    figures += [figure for name in asked for figure in _measured(name, errors)]
    RESULT.write_text(json.dumps([figure.row() for figure in figures], indent=1) + "\n")
    console = Console()
    console.print(_table(figures))
    broken = [figure.name for figure in figures if figure.holds is False]
    console.print(f"DOES NOT HOLD: {'; '.join(broken)}" if broken else "Every bound holds.", style="bold")
    return 0


def _measured(name: str, errors: Console) -> Iterator[Figure]:
    """One measurement's figures, as they come."""
    started = time.monotonic()
    errors.print(f"measuring {name} ...")
    yield from MEASUREMENTS[name]()
    errors.print(f"measured {name} in {time.monotonic() - started:.0f} s")


def _table(figures: Sequence[Figure]) -> Table:
    table = Table("what", "value", "unit", "baseline", "ratio", "bound", "holds")
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for figure in figures:
        bound = f"≥ {_number(figure.bound)}" if figure.least and figure.bound is not None else _number(figure.bound)
        numbers = (_number(figure.baseline), _number(figure.ratio), bound)
        table.add_row(figure.name, _number(figure.value), figure.unit, *numbers, _verdict(figure))
    return table


def _number(value: float | None) -> str:
    """Three digits that count, and no more zeros than needed."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _verdict(figure: Figure) -> str:
    return {None: "", True: "yes", False: "NO"}[figure.holds]


if __name__ == "__main__":
    sys.exit(main())
