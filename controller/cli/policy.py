"""Policy from the command line: who reaches whom, what a change makes of that, and what is odd about policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from controller.cli import output
from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.options import FormOption, ProjectOption
from controller.cli.progress import telling

_CHANGES = (("allowed", "+", "newly allowed"), ("denied", "-", "no longer allowed"))
_MATRIX = (("FROM", "from"), ("TO", "to"), ("SERVICES", "services"))
_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def reachability(context: typer.Context, project: ProjectOption = None, form: FormOption = None) -> None:
    """Show who may begin what with whom."""
    daemon: Daemon = context.obj
    params = {"limit": "1000"} | ({"project": project} if project is not None else {})
    with telling("reading"):
        rows = list(daemon.pages("/v1/reachability", params))
    shape = output.chosen(form)
    if shape == "table":
        rows = [{"from": end(row["from"]), "to": end(row["to"]), "services": asked(row)} for row in rows]
    output.show(rows, _MATRIX, shape)


def lint(
    context: typer.Context,
    project: ProjectOption = None,
    *,
    hits: Annotated[bool, typer.Option("--hits", help="Ask the switches which rules have decided nothing.")] = False,
    form: FormOption = None,
) -> None:
    """Say what is odd about policies; exits with 1 if any of it is an error."""
    daemon: Daemon = context.obj
    params = ({"project": project} if project is not None else {}) | ({"hits": "true"} if hits else {})
    with telling("looking"):
        found = daemon.call("POST", "/v1/policies:lint", params=params)["items"]
    if output.chosen(form) == "table":
        _tell_findings(found)
    else:
        output.show(found, (), output.chosen(form))
    raise typer.Exit(Exit.REFUSED if any(one["severity"] == "error" for one in found) else Exit.DONE)


def tell_changes(found: Mapping[str, Any], out: Console) -> None:
    """What a change would make of who reaches whom, row by row."""
    for name, sign, words in _CHANGES:
        told = found[name]
        out.print(f"{words}: {'none' if not told['rows'] else ''}", markup=False, highlight=False)
        for row in told["rows"]:
            line = f"  {sign} {end(row['from'])} → {end(row['to'])}: {asked(row)}"
            out.print(line, style="green" if sign == "+" else "red", markup=False, highlight=False)
        if told["more"]:
            out.print(f"  and {told['more']} more rows", markup=False, highlight=False)
    if not found["complete"]:
        out.print("there is more: too many are concerned to compare all", style="yellow", highlight=False)


def asked(row: Mapping[str, Any]) -> str:
    """What a row is about, and over which IP if it is one."""
    return " over ".join([services(row["services"]), *([row["family"]] if "family" in row else [])])


def end(told: Mapping[str, Any]) -> str:
    """Who stands at one end, in a few words."""
    if "outside" in told:
        return f"outside ({', '.join(told['outside'])}{', …' if told['more'] else ''})"
    if told["project"] is None:
        return "another project"
    traits = [f"{key}={value}" for key, value in told["labels"].items()]
    traits += [f"group {group}" for group in told["groups"]] or ([] if traits else told["networks"])
    count, names = told["ports"], told["names"]
    ports = names[0] if count == 1 else f"{count} ports"
    return f"{told['project']}: {', '.join(traits)} ({ports})"


def services(told: list[Mapping[str, Any]]) -> str:
    """Services as people write them."""
    return ", ".join(map(_service, told)) or "none"


def _service(told: Mapping[str, Any]) -> str:
    text = str(told["protocol"])
    for word, name in ((" ", "ports"), (" type ", "types"), (" from ", "source_ports"), (" but ", "but")):
        if name in told:
            text += word + ",".join(map(str, told[name]))
    return text


def _tell_findings(found: list[dict[str, Any]]) -> None:
    out = Console()
    for one in found:
        where = f"{_policy(one)}{one['pointer']}" + (f" ({one['rule']})" if one["rule"] else "")
        out.print(f"[{_COLOURS[one['severity']]}]{one['severity']:7}[/] {one['check']}: ", end="", highlight=False)
        out.print(f"{where}: {one['message']}", markup=False, highlight=False)
        out.print(f"        next: {one['advice']}", markup=False, highlight=False)
    if not found:
        out.print("nothing is odd", highlight=False)


def _policy(found: Mapping[str, Any]) -> str:
    return (
        f"{found['kind']} {found['project']}/{found['name']}"
        if "project" in found
        else f"{found['kind']} {found['name']}"
    )
