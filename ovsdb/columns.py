"""Rows that are followed by differences: OVSDB's ``update2`` (ovsdb-server(7), "Update2 Notification").

A changed set comes as the atoms that came or went, a changed map as the pairs that did, so that one port more on a
bridge of ten thousand costs what the first one cost. Columns at their defaults are not sent at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ovsdb import values

_LONGEST = 4096
_LONGEST_MAPPED = 1 << 20  # the forwards of a host stand in one value
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is read, what it is when it is not sent, and what becomes of it by a difference."""

    read: Callable[[Any], Any]
    default: Any
    merged: Callable[[Any, Any], Any]


def row_after(columns: Mapping[str, Column], before: Row | None, update: Any) -> Row | None:
    """Return a row after its update; None once it is deleted. Raises BadValue."""
    match update:
        case {"initial": dict() as sent} | {"insert": dict() as sent}:
            return {name: column.read(sent[name]) for name, column in columns.items() if name in sent}
        case {"modify": dict() as sent} if before is not None:
            return {**before, **_modified(columns, before, sent)}
        case {"delete": _}:
            return None
    raise values.BadValue(f"no row update: {update!r:.80}")


def _modified(columns: Mapping[str, Column], before: Row, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: column.merged(before.get(name, column.default), column.read(sent[name]))
        for name, column in columns.items()
        if name in sent
    }


def _read_text(value: Any) -> str:
    return values.text(value, _LONGEST)


def _read_optional_text(value: Any) -> str | None:
    return values.optional_text(value, _LONGEST)


def _read_texts(value: Any) -> frozenset[str]:
    return frozenset(values.texts(value, _LONGEST))


def _read_references(value: Any) -> frozenset[str]:
    return frozenset(values.references(value))


def _read_mapping(value: Any) -> dict[str, str]:
    return values.mapping(value, _LONGEST_MAPPED)


def _replaced(before: Any, sent: Any) -> Any:
    del before
    return sent


def _toggled(before: frozenset[str], sent: frozenset[str]) -> frozenset[str]:
    return before ^ sent


def _mended(before: dict[str, str], sent: dict[str, str]) -> dict[str, str]:
    """A pair that is held already and is sent again has gone."""
    gone = {key for key, value in sent.items() if before.get(key) == value}
    return {key: value for key, value in (before | sent).items() if key not in gone}


TEXT = Column(_read_text, "", _replaced)
INTEGER = Column(values.integer, 0, _replaced)
FLAG = Column(values.flag, False, _replaced)  # noqa: FBT003 - the default of a column
OPTIONAL_TEXT = Column(_read_optional_text, None, _replaced)
OPTIONAL_INTEGER = Column(values.optional_integer, None, _replaced)
TEXTS = Column(_read_texts, frozenset(), _toggled)
REFERENCES = Column(_read_references, frozenset(), _toggled)
MAPPING = Column(_read_mapping, {}, _mended)
