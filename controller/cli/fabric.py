"""Bridges and links from the command line: what is wired to what, and taking a link or a bridge out of use."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.options import WaitOption
from controller.cli.progress import telling

_STATES = {"up": "green", "down": "red"}
_NameArgument = Annotated[str, typer.Argument(metavar="LINK|BRIDGE", help="A link like s1-s2, or a bridge like s1.")]
_Shape = Annotated[
    Literal["table", "json", "dot", "graphml"] | None,
    typer.Option("-o", "--output", help="Default: a tree on a terminal, else JSON."),
]
_IN_THE_WAY = {
    "OnlyWay": "lay another way, or take it back with: netloom undrain {name}",
    "Steered": "let these policies go elsewhere, or take it back with: netloom undrain {name}",
    "OutOfReach": "look why they cannot be reached: netloom get bridges",
}
"""What is to be done about what does not pass by waiting."""
_messages = Console(stderr=True)


def topology(context: typer.Context, form: _Shape = None) -> None:
    """Show what is wired to what, and what is plugged in where."""
    daemon: Daemon = context.obj
    shape = form or ("table" if sys.stdout.isatty() else "json")
    if shape in ("dot", "graphml"):
        sys.stdout.write(daemon.text("/v1/topology", {"format": shape}))
        return
    with telling("reading"):
        found = daemon.call("GET", "/v1/topology")
    if shape == "json":
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        Console().print(tree(found), highlight=False)


def tree(found: Mapping[str, Any]) -> Tree:
    """Every bridge with its links and what is plugged into it."""
    whole = Tree("topology", hide_root=True)
    for node in found["nodes"]:
        if node["kind"] != "chassis":
            continue
        branch = whole.add(_bridge(node))
        for link in found["links"]:
            if link["kind"] in ("wire", "tunnel") and node["name"] in link["between"]:
                branch.add(_link(node["name"], link))
            elif link["kind"] == "plugged" and f"chassis/{node['name']}" in link["between"]:
                branch.add(escape(next(end for end in link["between"] if end.startswith("port/"))))
    return whole


def _bridge(node: Mapping[str, Any]) -> str:
    words = [f"[bold]{escape(node['name'])}[/]", *_labels(node)]
    if node.get("maintenance"):
        words.append("[yellow]drained[/]" if node.get("drained") else "[yellow]draining[/]")
    return "  ".join(words)


def _link(near: str, link: Mapping[str, Any]) -> str:
    one, other = link["between"]
    words = [f"{link['kind']} to {escape(other if near == one else one)}"]
    words += [f"[{_STATES.get(link['state'], 'yellow')}]{link['state']}[/]", f"cost {link['cost']}"]
    if link["latency_ms"] is not None:
        words.append(f"{link['latency_ms']} ms")
    if link["load_mbps"] is not None:
        there, back = link["load_mbps"] if near == one else reversed(link["load_mbps"])
        capacity = f" of {link['capacity_mbps']:g}" if link["capacity_mbps"] is not None else ""
        words.append(f"↑ {there} ↓ {back}{capacity} Mbit/s")
    if link["maintenance"]:
        words.append("[yellow]drained[/]" if link["drained"] else "[yellow]draining[/]")
    return "  ".join([*words, *_labels(link)])


def _labels(told: Mapping[str, Any]) -> list[str]:
    return [escape(f"{key}={value}") for key, value in told.get("labels", {}).items()]


def drain(context: typer.Context, name: _NameArgument, wait: WaitOption = None) -> None:
    """Move all traffic off a link or a bridge, without loss, and say whether it may be taken away."""
    found = _maintained(context.obj, name, wait, maintenance=True)
    drained = next((each for each in found["status"]["conditions"] if each["type"] == "Drained"), None)
    if drained is not None and drained["status"]:
        safe = drained["reason"] != "Inhabited"
        sys.stdout.write(f"{found['name']} is drained: {'it may be taken away' if safe else drained['message']}\n")
        raise typer.Exit(Exit.DONE)
    why = drained["message"] if drained is not None else "nothing has been told of it yet"
    _messages.print(f"{found['name']} is not drained yet: {why}", markup=False, highlight=False)
    step = _IN_THE_WAY.get(drained["reason"] if drained is not None else "", "netloom drain {name} --wait")
    _messages.print(f"next: {step.format(name=found['name'])}", markup=False, highlight=False)
    raise typer.Exit(Exit.UNCONFIRMED)


def undrain(context: typer.Context, name: _NameArgument, wait: WaitOption = None) -> None:
    """Let traffic use a link or a bridge again."""
    found = _maintained(context.obj, name, wait, maintenance=False)
    sys.stdout.write(f"{found['name']} is in use again\n")


def _maintained(daemon: Daemon, name: str, wait: float | None, *, maintenance: bool) -> dict[str, Any]:
    """The link or bridge, in or out of maintenance; ends the command if there is none of that name."""
    paths = (f"/v1/{kind}/{quote(name, safe='')}" for kind in ("bridges", "links"))
    path = next((each for each in paths if daemon.there(each)), None)
    if path is None:
        _messages.print(f"there is no link or bridge {name} that this token may see", markup=False, highlight=False)
        _messages.print("next: look what there is: netloom topology", highlight=False)
        raise typer.Exit(Exit.REFUSED)
    params = {"wait": str(wait)} if wait is not None else {}
    with telling("moving traffic"):
        found: dict[str, Any] = daemon.call("PATCH", path, params=params, json={"maintenance": maintenance})
    return found
