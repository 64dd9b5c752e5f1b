"""Bytes become documents, or a list of everything that is wrong with them.

This is the one door for what users write, in JSON, YAML or msgpack; behind it nothing sees a dictionary.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgpack
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from controller.errors import FieldError, Malformed, UserError, pointer_to
from controller.intent import yaml_stream
from controller.intent.kind import Kind
from controller.intent.kinds import KINDS
from controller.intent.kubernetes import manifests
from controller.intent.kubernetes.form import Manifest
from controller.intent.pacer import Pacer
from controller.intent.resource import Key
from controller.intent.values import PATTERN_WORDS

Form: TypeAlias = Literal["json", "yaml", "msgpack"]
_SHOWN_ERRORS = 1000
_FORMS = frozenset(("[key]", "[one]", "[many]", "[word]"))
"""Parts of pydantic's locations that say in which form something was given; no part of a document is called so."""
_MESSAGES = {
    "extra_forbidden": "unknown field",
    "missing": "is required",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "too_long": "has too many of them: give at most {max_length}",
    "too_short": "has too few of them: give at least {min_length}",
}
"""Where pydantic speaks of our code, which nobody who writes a document has seen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One document that passed: what a resource is to be. ``pointer`` is where it stood in what was sent.

    ``project_field`` is where in it the project is named.
    """

    key: Key
    labels: tuple[tuple[str, str], ...]
    spec: Any
    pointer: str = ""
    project_field: str = "/project"


def decoded(body: bytes, form: Form, pacer: Pacer) -> Any:
    """The plain values of a body; a YAML stream is a list of its documents but the empty ones. Raises Malformed."""
    try:
        match form:
            case "json":
                return json.loads(body, object_pairs_hook=_object, parse_constant=_no_constant)
            case "msgpack":
                return msgpack.unpackb(body, object_pairs_hook=_object)
            case "yaml":
                return _stream(body.decode("utf-8"), pacer)
    except Malformed:
        raise
    except (ValueError, RecursionError, msgpack.UnpackException) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:300] or type(error).__name__
        raise Malformed(f"the body is not {form} that can be read: {reason}") from error


def one(value: Any, kind: Kind, project: str, name: str) -> Asked:
    """The document of a resource whose path says what it is; raises UserError naming every bad field."""
    if not isinstance(value, dict):
        raise Malformed("the body must be an object with labels and spec")
    form = manifests.form_of(value, kind)
    if form is not None:
        return _placed(value, form, kind, (project, name))
    errors: list[FieldError] = []
    said = {"kind": kind.name, "name": name, **({"project": project} if kind.scoped else {})}
    for field, expected in said.items():
        if value.get(field, expected) != expected:
            errors.append(FieldError(f"/{field}", f"is {expected} by the path"))
    asked, more = _validated({**value, **said}, kind, "")
    if asked is None or errors:
        raise refusal((*errors, *more))
    return asked


def _placed(value: dict[str, Any], form: type[Manifest], kind: Kind, at: tuple[str, str]) -> Asked:
    manifest, errors = manifests.placed(value, *at)
    asked, more = _read(manifest, form, kind, "")
    if asked is None or errors:
        raise refusal((*errors, *more))
    return asked


def standing(kind: Kind, name: str, labels: dict[str, str], spec: Any, patch: Any) -> dict[str, Any]:
    """What stands, in the form of the patch that is to be merged into it."""
    form = manifests.form_of(patch, kind)
    return {"labels": labels, "spec": spec} if form is None else manifests.standing(kind, form, name, labels, spec)


def many(value: Any, pacer: Pacer) -> tuple[Asked, ...]:
    """Every document of an apply; raises UserError naming every bad field of all of them."""
    found: list[Asked] = []
    errors: list[FieldError] = []
    first: dict[Key, str] = {}
    for pointer, document in _documents(value):
        pacer.breathe()
        asked, wrong = _document(document, pointer)
        errors.extend(wrong)
        if asked is None:
            continue
        if asked.key in first:
            field = manifests.NAME_FIELD if asked.project_field == manifests.PROJECT_FIELD else "/name"
            errors.append(FieldError(f"{pointer}{field}", f"is given twice, first at {first[asked.key] or '/'}"))
        first.setdefault(asked.key, pointer)
        found.append(asked)
    if errors:
        raise refusal(errors)
    return tuple(found)


def refusal(errors: Iterable[FieldError]) -> UserError:
    """All that is wrong as one error; beyond a thousand it says how many more there are."""
    all_errors = tuple(errors)
    first = all_errors[0]
    count = len(all_errors)
    detail = f"{first.pointer}: {first.message}".removeprefix(": ")
    if count > 1:
        detail += f" (and {count - 1} more)"
    return UserError(detail, all_errors[:_SHOWN_ERRORS])


def _documents(value: Any) -> Iterator[tuple[str, Any]]:
    """Each document with the pointer to it, those in lists of Kubernetes too."""
    for pointer, document in _outermost(value):
        yield from _unlisted(pointer, document)


def _unlisted(pointer: str, document: Any) -> Iterator[tuple[str, Any]]:
    """A document, or what it lists if nothing is wrong with the list."""
    if not manifests.is_list(document) or any(manifests.list_faults(document, pointer)):
        yield pointer, document
        return
    for inside, item in manifests.listed(document):
        yield pointer + inside, item


def _outermost(value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case list():
            yield from ((f"/{index}", document) for index, document in enumerate(value))
        case {"items": list() as items} if "kind" not in value:
            yield from ((f"/items/{index}", document) for index, document in enumerate(items))
        case dict():
            yield "", value
        case _:
            raise Malformed("the body must be a resource, a list of resources, or an object with items")


def _document(value: Any, pointer: str) -> tuple[Asked | None, tuple[FieldError, ...]]:
    if not isinstance(value, dict):
        return None, (FieldError(pointer, "must be an object with kind, name and spec"),)
    if manifests.is_list(value):
        nested = FieldError(f"{pointer}/kind", "a List may not stand in a List")
        return None, tuple(manifests.list_faults(value, pointer)) or (nested,)
    name = value.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        known = ", ".join(KINDS)
        return None, (FieldError(f"{pointer}/kind", f"must be one of {known}"),)
    return _validated(value, KINDS[name], pointer)


def _validated(value: dict[str, Any], kind: Kind, pointer: str) -> tuple[Asked | None, tuple[FieldError, ...]]:
    form = manifests.form_of(value, kind)
    if form is not None:
        return _read(value, form, kind, pointer)
    try:
        document = kind.document.model_validate(value)
    except ValidationError as error:
        return None, field_errors(error, pointer)
    project = value["project"] if kind.scoped else ""
    spec = document.spec  # type: ignore[attr-defined]
    return Asked((kind.name, project, document.name), tuple(sorted(document.labels.items())), spec, pointer), ()


def _read(
    value: dict[str, Any], form: type[Manifest], kind: Kind, pointer: str
) -> tuple[Asked | None, tuple[FieldError, ...]]:
    try:
        key, labels, spec = manifests.read(value, form, kind)
    except ValidationError as error:
        return None, field_errors(error, pointer)
    return Asked(key, labels, spec, pointer, manifests.PROJECT_FIELD), ()


def field_errors(error: ValidationError, pointer: str) -> tuple[FieldError, ...]:
    """What pydantic found wrong, each with its pointer under that of the whole."""
    found = error.errors(include_url=False)
    return tuple(_field_error(each, pointer) for each in found if each["type"] != "default_factory_not_called")


def _field_error(error: ErrorDetails, pointer: str) -> FieldError:
    path = pointer_to(*(str(part) for part in error["loc"] if part not in _FORMS))
    message = _MESSAGES[error["type"]].format(**error.get("ctx", {})) if error["type"] in _MESSAGES else error["msg"]
    if error["type"] == "string_pattern_mismatch":
        message = PATTERN_WORDS.get(error["ctx"]["pattern"], message)
    return FieldError(pointer + path, message)


def _stream(text: str, pacer: Pacer) -> Any:
    found: list[Any] = []
    for document in yaml_stream.documents(text):
        pacer.breathe()
        if document is not None:
            found.append(document)
    if not found:
        raise Malformed("there is no document in this YAML; to delete by prune alone, say so with []")
    alone = found[0] if len(found) == 1 else None
    return alone if isinstance(alone, list) or (isinstance(alone, dict) and "items" in alone) else found


def _object(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[Any] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Malformed(f"key {str(twice)[:100]!r} is given twice in one object")
    return found


def _no_constant(text: str) -> None:
    raise Malformed(f"{text} is not JSON")
