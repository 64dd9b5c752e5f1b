"""Intent from the command line: apply, get, watch, delete."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape

from controller.cli import output, tables
from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.kinds import Listed
from controller.cli.policy import tell_changes
from controller.cli.progress import telling

_messages = Console(stderr=True)
_ACTIONS = {"created": "green", "updated": "yellow", "deleted": "red", "unchanged": "dim"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command is about; ``name`` None is all of them, ``project`` None those of all projects."""

    kind: Listed
    project: str | None
    name: str | None = None
    labels: tuple[str, ...] = ()

    def path(self, project: str | None = None) -> str:
        """The path of the resource, or of the collection; ends the command where a project is needed and lacking."""
        project = project or self.project
        if not self.kind.scoped:
            collection = f"/v1/{self.kind.plural}"
        elif project is None:
            raise typer.BadParameter(f"{self.kind.plural} belong to projects: say which, with --project")
        else:
            collection = f"/v1/projects/{quote(project, safe='')}/{self.kind.plural}"
        return f"{collection}/{quote(self.name, safe='')}" if self.name is not None else collection


def apply(daemon: Daemon, file: str, params: Mapping[str, str], form: str) -> Exit:
    """Send a file; show what became of it."""
    body = _content(file)
    form_of_file = "application/json" if file.endswith(".json") else "application/yaml"
    with telling("applying"):
        done = daemon.call("POST", "/v1/apply", content=body, content_type=form_of_file, params=params)
    if form == "table":
        _tell(done)
    else:
        output.show([done], (), form, alone=True)
    return _confirmed(done.get("unconfirmed", {}))


def get(daemon: Daemon, wanted: Wanted, form: str) -> None:
    """Show one, or all that match."""
    if wanted.name is not None:
        output.show([daemon.call("GET", wanted.path())], wanted.kind.columns, form, alone=True)
        return
    with telling("reading"):
        items = list(_items(daemon, wanted))
    output.show(items, tables.listed(wanted.kind.plural) or wanted.kind.columns, form)


def watch(daemon: Daemon, wanted: Wanted, form: str) -> None:
    """Show what is, then everything that happens to it."""
    revision = daemon.call("GET", "/v1/projects", params={"limit": "1"})["revision"]
    get(daemon, wanted, form)
    for event in daemon.events(revision):
        kind, _, key = event.get("subject", "").partition(" ")
        if event["type"] == "dropped":
            _messages.print(escape(event["detail"]["reason"]))
            raise typer.Exit(Exit.REFUSED)
        if kind == wanted.kind.name and _concerns(wanted, key):
            _tell_event(event, form)


def delete(daemon: Daemon, wanted: Wanted, wait: float | None) -> Exit:
    """Delete one resource."""
    params = {"wait": str(wait)} if wait is not None else {}
    with telling("deleting"):
        done = daemon.call("DELETE", wanted.path(), params=params)
    return _confirmed(done["unconfirmed"] if done else {})


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from error


def _items(daemon: Daemon, wanted: Wanted) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"label": list(wanted.labels)} if wanted.labels else {}
    if wanted.project is not None or not wanted.kind.scoped:
        yield from daemon.pages(wanted.path(), params)
        return
    for project in list(daemon.pages("/v1/projects", {})):
        yield from daemon.pages(wanted.path(project["name"]), params)


def _concerns(wanted: Wanted, key: str) -> bool:
    project, _, name = key.rpartition("/")
    return wanted.project in (None, project) and wanted.name in (None, name)


def _tell(done: Mapping[str, Any]) -> None:
    out = Console()
    for change in done["changes"]:
        colour = _ACTIONS[change["action"]]
        key = f"{change['project']}/{change['name']}" if "project" in change else change["name"]
        out.print(f"[{colour}]{change['action']:9}[/] {change['kind']} {escape(key)}", highlight=False)
        for field in change.get("fields", ()):
            for line in difference(field["pointer"], field["from"], field["to"]):
                out.print(f"          {line}", markup=False, highlight=False)
    ending = done.get("connections", {"items": [], "unavailable": {}})
    for chassis, why in ending["unavailable"].items():
        out.print(f"cut       unknown on chassis {chassis}: {why}", markup=False, highlight=False)
    for one in ending["items"]:
        asked = f"{one['protocol']} {one.get('destination_port', '')}".strip()
        words = f"cut       {one['port']}: {one['source']} → {one['destination']} {asked} ({one['policy']})"
        out.print(words, markup=False, highlight=False)
    for what, counts in done.get("flows", {}).items():
        told = ", ".join(f"{chassis} {count}" for chassis, count in counts.items()) or "none"
        out.print(f"flows {what}: {told}", markup=False, highlight=False)
    if "reachability" in done:
        tell_changes(done["reachability"], out)


def difference(pointer: str, before: object, after: object) -> Iterator[str]:
    """A field before and after; of lists what one has and the other has not."""
    if not isinstance(before, list) or not isinstance(after, list):
        yield f"{pointer}: {_shown(before)} → {_shown(after)}"
        return
    yield f"{pointer}:"
    yield from (f"  - {_shown(item)}" for item in before if item not in after)
    yield from (f"  + {_shown(item)}" for item in after if item not in before)
    if sorted(map(_shown, before)) == sorted(map(_shown, after)):
        yield "  the same in another order"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tell_event(event: Mapping[str, Any], form: str) -> None:
    detail = json.dumps(event["detail"])
    line = f"{event['at']} {event['type']} {event['subject']} {detail}" if form == "table" else json.dumps(event)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _confirmed(unconfirmed: Mapping[str, str]) -> Exit:
    for what, why in unconfirmed.items():
        _messages.print(f"not confirmed: {what}: {why}", markup=False, highlight=False)
    if unconfirmed:
        _messages.print("next: the change is made and will reach the switches; look with: netloom get chassis")
        return Exit.UNCONFIRMED
    return Exit.DONE
