"""What lives, from the command line: connections, the counters of a policy, and what would be enough of one."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from controller.cli import intent, inventory, kinds
from controller.cli.exits import Exit
from controller.cli.options import FormOption, ProjectOption
from controller.cli.output import chosen, show
from controller.cli.progress import telling

_COUNTERS = (
    ("DIRECTION", "direction"),
    ("RULE", "rule"),
    ("ACTION", "action"),
    ("SESSIONS", "sessions"),
    ("DENIED", "denied"),
    ("PACKETS", "packets"),
    ("BYTES", "bytes"),
    ("LAST-HIT", "last_hit"),
)
_messages = Console(stderr=True)


def connections(
    context: typer.Context,
    *,
    project: ProjectOption = None,
    port: Annotated[str | None, typer.Option(help="Those of one port, project/name.")] = None,
    chassis: Annotated[str | None, typer.Option(help="Those of a host's ports.")] = None,
    form: FormOption = None,
) -> None:
    """Show connections of ports that live, and the rule that let each begin."""
    filters = {"project": project, "port": port, "chassis": chassis}
    inventory.show(context.obj, "connections", filters, chosen(form))


def stats(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A policy's name.")],
    *,
    kind: Annotated[str, typer.Option(autocompletion=kinds.words, help="Of what kind it is.")] = "Policy",
    project: ProjectOption = None,
    form: FormOption = None,
) -> None:
    """Show what each rule of a policy let through and kept out."""
    path = intent.Wanted(kinds.kind(kind), project, name).path()
    with telling("asking switches"):
        told = context.obj.call("GET", f"{path}/stats")
    _untold(told)
    if chosen(form) == "table":
        show(told["rules"], _COUNTERS, "table")
    else:
        show([told], (), chosen(form), alone=True)


def recommend(
    context: typer.Context,
    *,
    project: Annotated[str, typer.Option("-p", "--project", envvar="NETLOOM_PROJECT")],
    ports: Annotated[str, typer.Option(help="A label selector; default: all ports of the project.")] = "",
) -> None:
    """Print policies, ready to be applied, that allow just what ports were seen to do."""
    with telling("asking switches"):
        told = context.obj.call("POST", "/v1/policies:recommend", json={"project": project, "ports": ports})
    _untold(told)
    over = told["over_permission"]
    more = f"{over['count']}{'' if over['exact'] else ' or more'}"
    words = f"{told['observed']} conversations seen, {told['coverage']:.1%} of them allowed, {more} others as well"
    _messages.print(words, markup=False, highlight=False)
    for one in told["refused"]:
        refused = f"not allowed: {one['port']} {one['source']} → {one['destination']} {one['protocol']}"
        _messages.print(refused, markup=False, highlight=False)
    yaml.safe_dump_all(told["policies"], sys.stdout, sort_keys=False, explicit_start=True)
    raise typer.Exit(Exit.REFUSED if told["refused"] else Exit.DONE)


def _untold(told: dict[str, Any]) -> None:
    """Say whom nobody could ask."""
    for chassis, why in told["unavailable"].items():
        _messages.print(f"not asked: chassis {chassis}: {why}", markup=False, highlight=False)
