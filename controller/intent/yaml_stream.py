"""YAML as documents: the JSON part of YAML 1.2, with bounds on depth and on what aliases may unfold to.

There is no recursion, no object construction and no guessing: ``no`` is a word, ``10:20:30`` is a word, a key
given twice is an error that names its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from controller.errors import Malformed

_PARSER = getattr(yaml, "CBaseLoader", None)
_MAX_DEPTH = 64
_MAX_VALUES = 4_000_000
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OTHER_BASE = re.compile(r"0(?:x[0-9a-fA-F]{1,32}|o[0-7]{1,40})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_CONSTANTS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE_TAG = "tag:yaml.org,2002:"
_UNKEYED = object()


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come; ``key`` waits for its value, ``size`` counts the values inside."""

    value: Any
    anchor: str | None
    key: Any = _UNKEYED
    size: int = 1


@dataclass(slots=True)
class _Building:
    """One document on its way."""

    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    root: Any = None
    size: int = 0


def documents(text: str) -> Iterator[Any]:
    """Each document of a stream as plain values; raises Malformed with the line that is wrong."""
    building = _Building()
    try:
        for event in _events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                building = _Building(size=building.size)
            elif isinstance(event, yaml.DocumentEndEvent):
                yield building.root
            else:
                _take(building, event)
    except yaml.YAMLError as error:
        raise Malformed(f"not YAML: {_one_line(error)}") from error
    except RecursionError as error:
        raise Malformed("not YAML that can be read: nested too deeply") from error


def _events(text: str) -> Iterator[Any]:
    if _PARSER is None:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
        return
    parser = _PARSER(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


def _take(building: _Building, event: Any) -> None:
    match event:
        case yaml.ScalarEvent():
            scalar = _scalar(event)
            _put(building, scalar, 1, event)
            _anchor(building, event.anchor, scalar, 1)
        case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
            _refuse_tag(event)
            if len(building.open) >= _MAX_DEPTH:
                raise _malformed(event, f"nested more than {_MAX_DEPTH} deep")
            building.open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            done = building.open.pop()
            _put(building, done.value, done.size, event)
            _anchor(building, done.anchor, done.value, done.size)
        case yaml.AliasEvent():
            if event.anchor not in building.anchors:
                raise _malformed(event, f"alias *{event.anchor} stands for nothing before it")
            value, size = building.anchors[event.anchor]
            _put(building, value, size, event)


def _anchor(building: _Building, anchor: str | None, value: Any, size: int) -> None:
    if anchor is not None:
        building.anchors[anchor] = (value, size)


def _put(building: _Building, value: Any, size: int, event: Any) -> None:
    """Give a finished value to what it stands in."""
    building.size += size if isinstance(event, yaml.AliasEvent) else 1
    if building.size > _MAX_VALUES:
        raise _malformed(event, f"more than {_MAX_VALUES} values, aliases unfolded")
    if not building.open:
        building.root = value
        return
    into = building.open[-1]
    into.size += size
    if isinstance(into.value, list):
        into.value.append(value)
    elif into.key is _UNKEYED:
        into.key = _key(into.value, value, event)
    else:
        into.value[into.key] = value
        into.key = _UNKEYED


def _key(mapping: dict[str, Any], key: Any, event: Any) -> str:
    if isinstance(key, (dict, list)):
        raise _malformed(event, "a key must be a word")
    if isinstance(event, yaml.ScalarEvent):
        key = event.value
    if key in mapping:
        raise _malformed(event, f"key {key!r} is given twice")
    return str(key)


def _scalar(event: Any) -> Any:
    _refuse_tag(event)
    text: str = event.value
    plain = event.style is None or event.style == ""
    if not plain or event.tag == _CORE_TAG + "str":
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _refuse_tag(event: Any) -> None:
    tag = event.tag
    if tag is not None and tag not in (_CORE_TAG + "str", _CORE_TAG + "map", _CORE_TAG + "seq", "!"):
        raise _malformed(event, f"tag {tag} is not accepted")


def _malformed(event: Any, problem: str) -> Malformed:
    return Malformed(f"not YAML that can be read: line {event.start_mark.line + 1}: {problem}")


def _one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())[:300]
