"""Fields that the contract has and this version does not act on: left out they pass, asked for they are refused.

To accept and ignore one would promise what does not happen, an open port in the case of security groups.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


def _no_list(value: object) -> None:
    if value not in (None, []):
        raise _not_yet()


def _no_value(value: object) -> None:
    if value is not None:
        raise _not_yet()


def _not_yet() -> PydanticCustomError:
    return PydanticCustomError("not_supported_yet", "not supported yet by this version; leave it out")


_UNSTORED = Field(default=None, exclude=True, description="Not supported yet.")
_NULL = {"type": "null"}
NoValue = Annotated[Any, BeforeValidator(_no_value), _UNSTORED, WithJsonSchema(_NULL)]
NoList = Annotated[
    Any,
    BeforeValidator(_no_list),
    _UNSTORED,
    WithJsonSchema({"anyOf": [{"type": "array", "maxItems": 0}, _NULL]}),
]
