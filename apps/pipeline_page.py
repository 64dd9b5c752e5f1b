"""The pipeline as a page for people: ``python -m apps.pipeline_page > docs/pipeline.md``.

Everything on it is read from ``apps/pipeline.py`` and from the features, so that it cannot fall behind them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from apps import outer, pipeline, registers, registry
from controller.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from controller.flow.fields import Field

PREFIX = "/"
_HEAD = """\
# The pipeline

Generated from `apps/pipeline.py` and the features by `python -m apps.pipeline_page > docs/pipeline.md`.

{doc}
"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD.format(doc=(pipeline.__doc__ or "").partition("\n\n")[2].strip()), *_graph(), *_registers()]
    makers: dict[tuple[str, str], list[str]] = {}
    for module, table_name, priority in _makers():
        makers.setdefault((table_name, priority), []).append(module)
    for table in pipeline.TABLES:
        parts += _table(table, makers)
    return "\n".join(parts)


def _graph() -> Iterator[str]:
    yield "```mermaid\nflowchart TD"
    for table in pipeline.TABLES:
        yield f'  {table.name}["{table.number} {table.name}"]'
        yield from (f"  {table.name} --> {then}" for then in table.leads_to)
        if table.outputs:
            yield f"  {table.name} --> out([out of a port])"
    yield "```\n"


def _registers() -> Iterator[str]:
    notes = _notes(registers)
    yield "## Registers\n\n| register | is | what it holds |\n|---|---|---|"
    for name, field in registers.REGISTERS.items():
        yield f"| {name} | `{field}` | {notes[name]} |"
    yield ""


def _notes(module: ModuleType) -> dict[str, str]:
    """The string under each assignment of a module, in one line."""
    body = ast.parse(inspect.getsource(module)).body
    notes = {}
    for statement, after in pairwise(body):
        match statement, after:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                notes[name] = " ".join(text.split())
    return notes


def _makers() -> Iterator[tuple[str, str, str]]:
    """Module, table and priority of all flows, found where a module says ``TABLE.flow(scope, "priority", …)``."""
    for module in sorted({outer.__name__, *(feature.translate.__module__ for feature in registry.FEATURES)}):
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="flow", value=ast.Name(id=table)),
                    args=[_, ast.Constant(value=str(priority)), *_],
                ):
                    yield module.rpartition(".")[2], table, priority
                case ast.Call(
                    func=ast.Attribute(attr="flow", value=ast.Name(id=table)),
                    args=[_, ast.Call() | ast.JoinedStr(), *_],
                ):
                    yield module.rpartition(".")[2], table, PREFIX
                case ast.Call(
                    func=ast.Attribute(attr="flow", value=ast.Attribute(attr=part)),
                    args=[_, ast.Constant(value=str(priority)), *_],
                ):
                    for one in _tables_called(part, module):
                        yield module.rpartition(".")[2], one, priority


def _tables_called(part: str, module: str) -> Iterator[str]:
    """The tables that values of a module have under this name."""
    for value in vars(sys.modules[module]).values():
        table = getattr(value, part, None)
        if isinstance(table, Table):
            yield table.name


def _table(table: Table, makers: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    yield f"## {table.number} {table.name}\n\n{table.question}\n\n| priority | | made by |\n|---|---|---|"
    for name, level in _priorities(table):
        made = sorted(set(makers[table.name, name.partition(" ")[0]]))
        yield f"| {level} | {name} | {', '.join(f'`apps/{module}.py`' for module in made)} |"
    yield f"| | unclaimed | {table.miss} |\n"
    yield f"- matches {_listed(table.matches)}"
    if table.sets:
        yield f"- sets {_listed(table.sets)}"
    then = [*table.leads_to, *(["out of a port"] if table.outputs else [])]
    yield f"- leads to {', '.join(then)}\n"


def _priorities(table: Table) -> Iterator[tuple[str, str]]:
    """Names and levels, highest first; those of prefix lengths, and of places in a stage, as one."""
    lengths = [level for name, level in table.priorities.items() if name.startswith(PREFIX)]
    for name, level in sorted(table.priorities.items(), key=lambda item: -item[1]):
        if not name.startswith(PREFIX):
            yield name, str(level)
    if lengths:
        counted = "the place in the stage" if table.again else "the length of the prefix"
        yield f"{PREFIX} and {counted}", f"{min(lengths)} to {max(lengths)}"


def _listed(fields: Iterable[Field]) -> str:
    names = {field: name for name, field in registers.REGISTERS.items()}
    return ", ".join(names.get(field, f"`{field}`") for field in fields)


if __name__ == "__main__":
    sys.stdout.write(page())
