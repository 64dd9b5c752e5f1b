"""Fields that the contract has and this version does not act on: left out they pass, asked for they are refused.

To accept and ignore one would promise what does not happen.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


def _no_value(value: object) -> None:
    if value is not None:
        raise PydanticCustomError("not_supported_yet", "not supported yet by this version; leave it out")


_UNSTORED = Field(default=None, exclude=True, description="Not supported yet.")
_NULL = {"type": "null"}
NoValue = Annotated[Any, BeforeValidator(_no_value), _UNSTORED, WithJsonSchema(_NULL)]
