"""Label selectors of Kubernetes: an empty one selects everything, one that was left out nothing of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from controller.intent.kubernetes.form import Part
from controller.intent.kubernetes.words import LabelKey, LabelMap
from controller.intent.values import LabelValue
from controller.policy.values import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

Values = Annotated[tuple[LabelValue, ...], Field(strict=False)]
_CHOOSING = ("In", "NotIn")


class LabelRequirement(Part):
    """One condition of ``matchExpressions``."""

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: Annotated[Values | None, Field(validate_default=True)] = None

    @field_validator("values")
    @classmethod
    def _fit(cls, values: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        operator = info.data.get("operator")
        if operator in _CHOOSING and not values:
            raise PydanticCustomError("values", "must be given when the operator is In or NotIn")
        if operator not in (None, *_CHOOSING) and values:
            raise PydanticCustomError("values", "may not be given when the operator is Exists or DoesNotExist")
        return values


class LabelSelector(Part):
    """Everything in it must hold."""

    match_labels: LabelMap | None = None
    match_expressions: Annotated[tuple[LabelRequirement, ...], Field(strict=False)] | None = None


def requirements(selector: LabelSelector | None) -> tuple[Requirement, ...]:
    """A selector's conditions in one order, each once; () selects everything."""
    if selector is None:
        return ()
    return tuple(sorted(set(_conditions(selector))))


def _conditions(selector: LabelSelector) -> Iterator[Requirement]:
    for key, value in (selector.match_labels or {}).items():
        yield Requirement(key, "In", (value,))
    for one in selector.match_expressions or ():
        yield Requirement(one.key, one.operator, tuple(sorted(set(one.values or ()))))
