"""Fields that the contract has and this version does not act on: left out they pass, asked for they are refused.

To accept and ignore one would promise what does not happen, an open port in the case of security groups.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

MODES = frozenset({"nat", "bridged", "host-only"})


def _no_list(value: object) -> None:
    if value not in (None, []):
        raise _not_yet()


def _no_value(value: object) -> None:
    if value is not None:
        raise _not_yet()


def _no_advertisement(value: object) -> None:
    if value not in (None, "none"):
        raise _not_yet()


def _no_dhcp(value: object) -> None:
    if value is not None and not (isinstance(value, dict) and list(value.items()) == [("enabled", False)]):
        raise _not_yet()


def _not_yet() -> PydanticCustomError:
    return PydanticCustomError("not_supported_yet", "not supported yet by this version; leave it out")


def _mode(value: object) -> object:
    if isinstance(value, str) and value in MODES:
        raise PydanticCustomError("not_supported_yet", "mode {mode} is not supported yet", {"mode": value})
    return value


_UNSTORED = Field(default=None, exclude=True, description="Not supported yet.")
_NULL = {"type": "null"}
_DISABLED = {
    "type": "object",
    "properties": {"enabled": {"const": False}},
    "required": ["enabled"],
    "additionalProperties": False,
}
NoValue = Annotated[Any, BeforeValidator(_no_value), _UNSTORED, WithJsonSchema(_NULL)]
NoList = Annotated[
    Any,
    BeforeValidator(_no_list),
    _UNSTORED,
    WithJsonSchema({"anyOf": [{"type": "array", "maxItems": 0}, _NULL]}),
]
NoAdvertisement = Annotated[
    Any,
    BeforeValidator(_no_advertisement),
    _UNSTORED,
    WithJsonSchema({"enum": ["none", None]}),
]
NoDhcp = Annotated[Any, BeforeValidator(_no_dhcp), _UNSTORED, WithJsonSchema({"anyOf": [_DISABLED, _NULL]})]
SupportedMode = BeforeValidator(_mode)
