"""``netloom token``: who may do what."""

from __future__ import annotations

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from controller.cli import output
from controller.cli.client import Daemon

app = typer.Typer(help="Make, list and end tokens.", no_args_is_help=True)
_COLUMNS = (("NAME", "name"), ("ROLE", "role"), ("PROJECTS", "projects"), ("CREATED", "created_at"))
_Form = Annotated[output.Form | None, typer.Option("-o", "--output", help="Default: a table on a terminal, else JSON.")]


@app.command()
def create(
    context: typer.Context,
    name: str,
    role: Annotated[str, typer.Option(help="admin, operator, member or viewer.")] = "member",
    project: Annotated[list[str] | None, typer.Option("-p", "--project", help="For members and viewers.")] = None,
) -> None:
    """Make a token and print it; it is never shown again."""
    daemon: Daemon = context.obj
    asked = {"name": name, "role": role, "projects": project or []}
    sys.stdout.write(daemon.call("POST", "/v1/tokens", json=asked)["token"] + "\n")


@app.command("list")
def every(context: typer.Context, form: _Form = None) -> None:
    """List all tokens, without their secrets."""
    daemon: Daemon = context.obj
    output.show(daemon.call("GET", "/v1/tokens")["items"], _COLUMNS, output.chosen(form))


@app.command()
def delete(context: typer.Context, name: str) -> None:
    """End a token at once."""
    daemon: Daemon = context.obj
    daemon.call("DELETE", f"/v1/tokens/{quote(name, safe='')}")
