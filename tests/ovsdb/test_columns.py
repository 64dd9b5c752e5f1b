"""Rows followed by differences are the rows that the server has; columns of wrong types are not taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsdb import values
from ovsdb.columns import INTEGER, MAPPING, OPTIONAL_INTEGER, OPTIONAL_TEXT, REFERENCES, TEXT, TEXTS, row_after

COLUMNS = {"number": OPTIONAL_INTEGER, "words": TEXTS, "pairs": MAPPING}
WORDS = st.frozensets(st.sampled_from("abcde"))
PAIRS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"))
ROWS = st.fixed_dictionaries({"number": st.none() | st.integers(0, 3), "words": WORDS, "pairs": PAIRS})


def sent_set(atoms: Any) -> Any:
    found = sorted(atoms)
    return found[0] if len(found) == 1 else ["set", found]


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What ovsdb-server sends (ovsdb-server(7), "Update2 Notification"), by its description."""
    gone = {key: value for key, value in before["pairs"].items() if key not in after["pairs"]}
    come = {key: value for key, value in after["pairs"].items() if before["pairs"].get(key) != value}
    sent = {
        "number": ["set", []] if after["number"] is None else after["number"],
        "words": sent_set(before["words"] ^ after["words"]),
        "pairs": ["map", [list(pair) for pair in (gone | come).items()]],
    }
    return {name: value for name, value in sent.items() if before[name] != after[name]}


@given(ROWS, st.lists(ROWS, max_size=6))
def test_differences_lead_to_the_same_row(first: dict[str, Any], later: list[dict[str, Any]]) -> None:
    empty: dict[str, Any] = {"number": None, "words": frozenset(), "pairs": {}}
    held = row_after(COLUMNS, None, {"initial": difference(empty, first)})
    before = first
    for after in later:
        held = row_after(COLUMNS, held, {"modify": difference(before, after)})
        before = after
    assert {**empty, **(held or {})} == before


def test_a_deleted_row_is_gone() -> None:
    assert row_after(COLUMNS, {"number": 1}, {"delete": None}) is None


@pytest.mark.parametrize("update", [7, {}, {"modify": {}}, {"initial": 7}, {"new": {}}, {"insert": None}])
def test_what_is_no_update_of_a_row_is_refused(update: Any) -> None:
    with pytest.raises(values.BadValue):
        row_after(COLUMNS, None, update)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (TEXT, 7),
        (TEXT, "x" * 5000),
        (TEXT, ["set", ["x"]]),
        (INTEGER, True),
        (INTEGER, "7"),
        (INTEGER, 7.0),
        (OPTIONAL_INTEGER, ["set", ["7"]]),
        (OPTIONAL_TEXT, ["uuid", "u"]),
        (TEXTS, ["set", "abc"]),
        (TEXTS, ["set", [["set", []]]]),
        (TEXTS, ["set", ["x"] * 70_000]),
        (REFERENCES, ["uuid", 7]),
        (REFERENCES, ["set", ["u"]]),
        (MAPPING, {"a": "b"}),
        (MAPPING, ["map", [["a"]]]),
        (MAPPING, ["map", [["a", None]]]),
        (MAPPING, ["map", [["a", "x" * (1 << 20) + "x"]]]),
        (MAPPING, None),
    ],
)
def test_columns_of_other_types_or_sizes_are_refused(column: Any, value: Any) -> None:
    with pytest.raises(values.BadValue):
        column.read(value)
