"""Tables of what is, from the command line: one as a whole, what was chosen of it, or one row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import typer
from rich.console import Console

from controller.cli import output, tables
from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.progress import telling

_messages = Console(stderr=True)
_LONGEST_PAGE = "10000"
_PAGED = ("nat", "connections")
_NAME = ("NAME", "name")


def show(daemon: Daemon, table: str, filters: Mapping[str, str | None], form: str, name: str | None = None) -> None:
    """Show all of a table, or the row of that name; ends the command for a filter that the table does not have."""
    params = {word: value for word, value in filters.items() if value is not None}
    unnamed = ["name"] if name is not None and _NAME not in tables.columns(table) else []
    refuse_filters(table, [*(params.keys() - {*tables.filters(table)}), *unnamed])
    rows = _rows(daemon, table, params)
    if name is not None:
        rows = [_named(rows, table, name)]
    output.show(rows, tables.columns(table), form, alone=name is not None)


def refuse_filters(what: str, unknown: Collection[str]) -> None:
    """End the command where more would be shown than was asked for."""
    if unknown:
        raise typer.BadParameter(f"{what} cannot be chosen by {', '.join(sorted(unknown))}")


def _rows(daemon: Daemon, table: str, params: dict[str, str]) -> list[dict[str, Any]]:
    """All pages of it; says which chassis could not be asked."""
    if table in _PAGED:
        params["limit"] = _LONGEST_PAGE
    rows: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    with telling("reading"):
        while page.get("next") is not None:
            cursor = {"cursor": page["next"]} if page["next"] else {}
            page = daemon.call("GET", f"/v1/{table}", params={**params, **cursor})
            rows += page["items"]
    for chassis, why in page.get("unavailable", {}).items():
        _messages.print(f"not asked: chassis {chassis}: {why}", markup=False, highlight=False)
    return rows


def _named(rows: list[dict[str, Any]], table: str, name: str) -> dict[str, Any]:
    found = next((row for row in rows if row["name"] == name), None)
    if found is None:
        _messages.print(f"there is no {table} {name}", markup=False, highlight=False)
        _messages.print(f"next: look what there is: netloom get {table}", highlight=False)
        raise typer.Exit(Exit.REFUSED)
    return found
