"""Fields that the contract has and this version does not act on: left out they pass, asked for they are refused.

To accept and ignore one would promise what does not happen, an open port in the case of security groups.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

MODES = frozenset({"nat", "bridged", "host-only"})
_ABSENT: tuple[object, ...] = (None, [], (), "none", {"enabled": False})


def _absent(value: object) -> None:
    if value not in _ABSENT:
        raise PydanticCustomError("not_supported_yet", "not supported yet by this version; leave it out")


def _mode(value: object) -> object:
    if isinstance(value, str) and value in MODES:
        raise PydanticCustomError(
            "not_supported_yet", "mode {mode} is not supported yet by this version", {"mode": value}
        )
    return value


_UNSTORED = Field(default=None, exclude=True, description="Not supported yet.")
NotYet = Annotated[Any, BeforeValidator(_absent), _UNSTORED, WithJsonSchema({"type": "null"})]
NotYetList = Annotated[Any, BeforeValidator(_absent), _UNSTORED, WithJsonSchema({"type": "array", "maxItems": 0})]
SupportedMode = BeforeValidator(_mode)
