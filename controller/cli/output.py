"""Tables for people on a terminal, JSON for what reads a pipe, YAML for what is to be edited and applied again."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Form = Literal["table", "json", "yaml"]
_CONDITIONS = ("Ready", "Placed", "Protected")
_UNFOLDED = 10_000  # characters: what reads a table from a pipe takes it line by line
_READ_ONLY = ("status", "uid", "revision", "created_at", "updated_at")


def chosen(form: str | None) -> str:
    """The form that was asked for; else a table on a terminal and JSON in a pipe."""
    return form or ("table" if sys.stdout.isatty() else "json")


def show(
    items: Sequence[dict[str, Any]], columns: Sequence[tuple[str, str]], form: str, *, alone: bool = False
) -> None:
    """Print resources or rows; ``alone`` for one that was asked for by name."""
    match form:
        case "json":
            value: object = items[0] if alone else {"items": list(items)}
            sys.stdout.write(json.dumps(value, indent=2) + "\n")
        case "yaml":
            plain = [{key: value for key, value in item.items() if key not in _READ_ONLY} for item in items]
            yaml.safe_dump_all(plain, sys.stdout, sort_keys=False, explicit_start=True)
        case _:
            width = None if sys.stdout.isatty() else _UNFOLDED
            Console(width=width).print(_table(items, columns or _columns_of(items)))


def _table(items: Sequence[dict[str, Any]], columns: Sequence[tuple[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, _ in columns:
        table.add_column(heading, overflow="fold")
    for item in items:
        table.add_row(*(_cell(item, path) for _, path in columns))
    return table


def _columns_of(items: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    keys = dict.fromkeys(key for item in items for key in item)
    return [(key.upper(), key) for key in keys]


def _cell(item: Any, path: str) -> str:
    """What stands at a dotted path; a condition is found by its type, a list is walked element by element."""
    for part in path.split("."):
        if part in _CONDITIONS:
            return _condition(item, part)
        if isinstance(item, list):
            item = [element.get(part) for element in item]
        else:
            item = item.get(part) if isinstance(item, dict) else None
    return _text(item)


def _condition(conditions: Any, name: str) -> str:
    found = next((each for each in conditions or () if each["type"] == name), None)
    if found is None:
        return "-"
    return "[green]yes[/]" if found["status"] else f"[yellow]{escape(found['reason'])}[/]"


def _text(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return ", ".join(_text(each) for each in value)
        case dict():
            return ", ".join(f"{key}={_text(each)}" for key, each in value.items())
        case _:
            return escape(str(value))
