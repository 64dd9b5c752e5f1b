"""The form of Kubernetes documents: apiVersion, kind, metadata and spec, also as ``kubectl get -o yaml`` prints them.

What only a cluster's API server says of a document is taken and not kept.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from controller.intent.kubernetes.words import LabelMap, Subdomain
from controller.intent.resource import Strict
from controller.intent.values import Name

DEFAULT_NAMESPACE = "default"
"""The namespace of a document that names none, as for kubectl."""
_Unkept = Annotated[Any, Field(default=None, exclude=True, description="Accepted, not kept.")]


class Part(Strict):
    """What every part of a Kubernetes document is: what is null is as if it were left out, and not kept."""

    model_config = ConfigDict(alias_generator=to_camel)

    @model_serializer(mode="wrap")
    def _written(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class Choice(Part):
    """What is exactly one of its fields."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        fields = {name: field for name, field in type(self).model_fields.items() if not field.exclude}
        if sum(getattr(self, name) is not None for name in fields) != 1:
            named = ", ".join(str(field.alias) for field in fields.values())
            raise PydanticCustomError("choice", "must have exactly one of {named}", {"named": named})
        return self


def _not_empty(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        raise PydanticCustomError("too_few", "must have at least one item")
    return items


NOT_EMPTY = AfterValidator(_not_empty)
"""Of a list; pydantic's own bound would count what is wrong in it as missing."""


def _nowhere(value: Any) -> None:
    if value not in (None, ""):
        raise PydanticCustomError("namespace", "documents of this kind belong to no namespace")


class Metadata(Part):
    """Who a document is about."""

    name: Subdomain
    namespace: Any = None
    labels: LabelMap | None = None
    annotations: Annotated[dict[str, str] | None, Field(default=None, exclude=True)]
    generate_name: _Unkept
    uid: _Unkept
    resource_version: _Unkept
    generation: _Unkept
    creation_timestamp: _Unkept
    deletion_timestamp: _Unkept
    deletion_grace_period_seconds: _Unkept
    self_link: _Unkept
    managed_fields: _Unkept
    owner_references: _Unkept
    finalizers: _Unkept


class NamespacedMetadata(Metadata):
    """Of what belongs to a namespace, which is a project here."""

    namespace: Name | None = None


class ClusterMetadata(Metadata):
    """Of what belongs to none."""

    namespace: Annotated[
        Any,
        BeforeValidator(_nowhere),
        Field(default=None, exclude=True),
        WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 0}, {"type": "null"}]}),
    ]


class Manifest(Part):
    """A whole document; each kind says what its ``version``, metadata and spec are."""

    version: ClassVar[str]
    api_version: str
    kind: str
    metadata: Metadata
    spec: Any
    status: _Unkept

    @field_validator("api_version")
    @classmethod
    def _known(cls, version: str) -> str:
        if version != cls.version:
            raise PydanticCustomError("version", "must be {version}", {"version": cls.version})
        return version
