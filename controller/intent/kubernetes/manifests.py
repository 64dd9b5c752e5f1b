"""Manifests among documents: which they are, whose, and what a List of them holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.errors import FieldError, pointer_to
from controller.intent.kubernetes.form import DEFAULT_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.intent.kind import Kind
    from controller.intent.kubernetes.form import Manifest
    from controller.intent.resource import Key

PROJECT_FIELD, NAME_FIELD = "/metadata/namespace", "/metadata/name"
"""Where a manifest says whose it is and what it is called."""
_LIST = "List"
_LIST_VERSION = "v1"
_LIST_FIELDS = ("apiVersion", "kind", "metadata", "items")


def form_of(value: Any, kind: Kind) -> type[Manifest] | None:
    """The form of a document, or of a patch of one, that is Kubernetes' own."""
    given = isinstance(value, dict) and ("metadata" in value or "apiVersion" in value)
    return kind.manifest if given else None


def placed(value: dict[str, Any], project: str, name: str) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    """A manifest with its path's namespace, where it says none; and what it says otherwise than the path."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return value, ()
    said = {"name": name, **({"namespace": project} if project else {})}
    wrong = {field: at for field, at in said.items() if metadata.get(field) not in (None, at)}
    errors = tuple(FieldError(f"/metadata/{field}", f"is {at} by the path") for field, at in wrong.items())
    inside = {"namespace": project} if project and not wrong else {}
    return {**value, "metadata": {**metadata, **inside}}, errors


def standing(kind: Kind, form: type[Manifest], name: str, labels: dict[str, str], spec: Any) -> dict[str, Any]:
    """What stands, as a manifest."""
    return {
        "apiVersion": form.version,
        "kind": kind.name,
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }


def read(value: dict[str, Any], form: type[Manifest], kind: Kind) -> tuple[Key, tuple[tuple[str, str], ...], Any]:
    """Key, labels and specification of a manifest; raises pydantic's ValidationError."""
    found = form.model_validate(value)
    metadata = found.metadata
    labels = tuple(sorted((metadata.labels or {}).items()))
    project = (metadata.namespace or DEFAULT_NAMESPACE) if kind.scoped else ""
    return (kind.name, project, metadata.name), labels, found.spec


def is_list(value: Any) -> bool:
    """Whether a document is a List of Kubernetes: of anything, or of one kind (``NetworkPolicyList``)."""
    return isinstance(value, dict) and "apiVersion" in value and str(value.get("kind")).endswith(_LIST)


def listed(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is in a list, each with the pointer inside the list; in a list of one kind they need not say which."""
    of_kind = value["kind"].removesuffix(_LIST)
    common = {"apiVersion": value["apiVersion"], "kind": of_kind} if of_kind else {}
    items = value.get("items")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        yield f"/items/{index}", {**common, **item} if isinstance(item, dict) else item


def list_faults(value: dict[str, Any], pointer: str) -> Iterator[FieldError]:
    """What is wrong with a list itself."""
    for field in (field for field in value if field not in _LIST_FIELDS):
        yield FieldError(pointer + pointer_to(str(field)), "unknown field")
    if value["kind"] == _LIST and value["apiVersion"] != _LIST_VERSION:
        yield FieldError(f"{pointer}/apiVersion", f"is {_LIST_VERSION} for a List")
    if not isinstance(value.get("items"), list):
        yield FieldError(f"{pointer}/items", "must be a list of documents")
