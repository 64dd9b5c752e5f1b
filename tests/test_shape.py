"""The shape of the code, held by a test: small files, short functions, and names that say something."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
CODE = ("controller", "apps", "topology", "ovsdb", "mininet_scenarios")
FILE_LINES = 300
FUNCTION_LINES = 40
CLASS_METHODS = 11
VAGUE = ("util", "utils", "helper", "helpers", "common", "base", "manager", "handler", "handlers", "mixin", "misc")
NUMBERED = ("table", "table_id", "priority")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def nodes(paths: list[Path]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of every file, with the place to print for it."""
    for path in paths:
        name = path.relative_to(ROOT)
        for node in ast.walk(ast.parse(path.read_text())):
            yield f"{name}:{getattr(node, 'lineno', 0)}", node


def words(name: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    spaced = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return set(spaced.split("_"))


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_files_stay_short(folder: str) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(folder)}
    assert lengths, folder
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_stay_short() -> None:
    too_long = {
        f"{place} {node.name}": node.end_lineno - node.lineno + 1
        for place, node in nodes(sources(*CODE, "tests"))
        if isinstance(node, FUNCTIONS) and node.end_lineno and node.end_lineno - node.lineno >= FUNCTION_LINES
    }
    assert too_long == {}


def test_classes_have_few_methods() -> None:
    methods = {
        f"{place} {node.name}": sum(
            isinstance(part, FUNCTIONS) and not part.name.startswith("__") for part in node.body
        )
        for place, node in nodes(sources(*CODE))
        if isinstance(node, ast.ClassDef)
    }
    assert {name: count for name, count in methods.items() if count > CLASS_METHODS} == {}


def test_names_say_what_a_thing_is() -> None:
    paths = sources(*CODE, "tests")
    modules = [str(path.relative_to(ROOT)) for path in paths if words(path.stem) & set(VAGUE)]
    classes = [
        f"{place} {node.name}"
        for place, node in nodes(paths)
        if isinstance(node, ast.ClassDef) and words(node.name) & set(VAGUE)
    ]
    assert modules + classes == []


def test_tables_and_priorities_are_named_in_the_pipeline_and_nowhere_else() -> None:
    bare = [
        f"{place} {keyword.arg}={ast.unparse(keyword.value)}"
        for place, node in nodes([path for path in sources("apps", "controller") if path.name != "pipeline.py"])
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in NUMBERED and isinstance(keyword.value, ast.Constant) and keyword.value.value
    ]
    assert bare == []


def test_no_function_hides_in_another() -> None:
    hidden = [
        f"{place} {inner.name}"
        for place, node in nodes(sources(*CODE))
        if isinstance(node, FUNCTIONS)
        for inner in ast.walk(node)
        if isinstance(inner, FUNCTIONS) and inner is not node
    ]
    assert hidden == []


def test_keyword_arguments_are_not_passed_through() -> None:
    passed = [
        f"{place} {node.name}(**{node.args.kwarg.arg})"
        for place, node in nodes(sources(*CODE))
        if isinstance(node, FUNCTIONS) and node.args.kwarg
    ]
    assert passed == []
