"""``netloom paths``: which way something would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from controller.cli import output
from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.options import FormOption
from controller.cli.progress import telling

app = typer.Typer(help="Paths on the topology.", no_args_is_help=True)
_COLUMNS = (
    ("PATH", "path"),
    ("BACKUP", "backup"),
    ("HOPS", "hops"),
    ("MS", "latency_ms"),
    ("COST", "cost"),
    ("MBIT/S", "bandwidth_mbps"),
)
_End = Annotated[str, typer.Argument(help="A bridge, or a port as project/name.")]
_Names = Annotated[list[str] | None, typer.Option(help="A name; may be given again.")]
_messages = Console(stderr=True)


def _finite(value: float | None) -> float | None:
    """What JSON can say; click takes nan and inf for numbers."""
    if value is not None and not isfinite(value):
        raise typer.BadParameter(f"{value} is no number that a path could have")
    return value


@app.callback()
def _paths() -> None:
    """A group of its own, though it has one command."""


@app.command()
def compute(
    context: typer.Context,
    source: _End,
    target: _End,
    *,
    via: Annotated[list[str] | None, typer.Option(help="A bridge to pass; in order.")] = None,
    avoid_bridge: _Names = None,
    avoid_link: _Names = None,
    avoid_label: Annotated[list[str] | None, typer.Option(help="key=value of links and bridges.")] = None,
    max_latency_ms: Annotated[float | None, typer.Option(callback=_finite, help="Of the whole path.")] = None,
    min_bandwidth_mbps: Annotated[float | None, typer.Option(callback=_finite, help="Of each link.")] = None,
    max_hops: Annotated[int | None, typer.Option(help="Links, not bridges.")] = None,
    objective: Annotated[
        Literal["hops", "latency", "load", "cost"], typer.Option(help="What is to be least.")
    ] = "hops",
    protection: Annotated[Literal["none", "link", "node"], typer.Option(help="What may fail.")] = "none",
    demand_mbps: Annotated[float | None, typer.Option(callback=_finite, help="What it is to carry.")] = None,
    form: FormOption = None,
) -> None:
    """Say which way something would take; nothing is installed. Exits with 1 if there is none."""
    daemon: Daemon = context.obj
    limits = {
        "max_latency_ms": max_latency_ms,
        "min_bandwidth_mbps": min_bandwidth_mbps,
        "max_hops": max_hops,
    }
    asked: dict[str, Any] = {
        "from": source,
        "to": target,
        "via": via or [],
        "avoid": {"bridges": avoid_bridge or [], "links": avoid_link or [], "labels": _labels(avoid_label or ())},
        "constraints": limits,
        "objective": objective,
        "protection": protection,
        "demand_mbps": demand_mbps,
    }
    with telling("looking"):
        found = daemon.call("POST", "/v1/paths:compute", json=asked)
    raise typer.Exit(_told(found, output.chosen(form)))


def _labels(given: Sequence[str]) -> dict[str, str]:
    """Labels by their keys; ends the command for what is none, or says two things of one key."""
    found: dict[str, str] = {}
    for label in given:
        key, sign, value = label.partition("=")
        if not sign:
            raise typer.BadParameter(f"{label!r} is no label: write key=value", param_hint="--avoid-label")
        if found.setdefault(key, value) != value:
            raise typer.BadParameter(f"{key} is given twice, and a label has one value", param_hint="--avoid-label")
    return found


def _told(found: Mapping[str, Any], form: str) -> Exit:
    none = not found.get("path")
    if found.get("message"):
        what = "no path" if none else "not protected"
        _messages.print(f"{what}: {found['message']}", markup=False, highlight=False)
    if not none or form != "table":
        output.show([dict(found)], _COLUMNS, form, alone=True)
    return Exit.REFUSED if none else Exit.DONE
