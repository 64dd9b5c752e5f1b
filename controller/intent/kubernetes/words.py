"""The words of Kubernetes documents: names, label keys and values, port names, blocks; as its API server takes them.

Sources: apimachinery's ``validation`` (RFC 1123 subdomains, qualified names, IANA service names, RFC 6335).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from controller.intent.ports import HIGHEST
from controller.intent.values import LabelValue

_SUBDOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_LONGEST_SUBDOMAIN = 253
_WORD = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"((?P<prefix>{_SUBDOMAIN})/)?{_WORD}")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](-?[a-z0-9])*")
_LONGEST_PORT_NAME = 15
_BLOCK = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")


def _subdomain(text: str) -> str:
    if len(text) > _LONGEST_SUBDOMAIN or not re.fullmatch(_SUBDOMAIN, text):
        message = "must be at most 253 of a-z, 0-9, '-' and '.', every part beginning and ending with a letter or digit"
        raise PydanticCustomError("subdomain", message)
    return text


def _label_key(text: str) -> str:
    found = _LABEL_KEY.fullmatch(text)
    if found is None or len(found["prefix"] or "") > _LONGEST_SUBDOMAIN:
        message = (
            "must be at most 63 of letters, digits and '._-', beginning and ending with a letter or digit, "
            "after an optional DNS subdomain and '/'"
        )
        raise PydanticCustomError("label_key", message)
    return text


def _port_name(text: str) -> str:
    if len(text) > _LONGEST_PORT_NAME or not _PORT_NAME.fullmatch(text):
        message = "a port's name is at most 15 of a-z, 0-9 and single '-' between them, with a letter among them"
        raise PydanticCustomError("port_name", message)
    return text


def _port(value: Any) -> int | str:
    if isinstance(value, str):
        return _port_name(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= HIGHEST:
        raise PydanticCustomError("port", "must be a number from 1 to 65535 or a port's name")
    return value


def _block(text: str) -> str:
    try:
        if _BLOCK.fullmatch(text):
            return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        pass
    raise PydanticCustomError("cidr", "not an IPv4 or IPv6 block like 10.1.0.0/24")


Subdomain = Annotated[
    str,
    AfterValidator(_subdomain),
    WithJsonSchema({"type": "string", "pattern": f"^{_SUBDOMAIN}$", "maxLength": _LONGEST_SUBDOMAIN}),
]
LabelKey = Annotated[str, AfterValidator(_label_key), WithJsonSchema({"type": "string", "maxLength": 317})]
LabelMap = Annotated[
    dict[LabelKey, LabelValue],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]
PortName = Annotated[
    str, AfterValidator(_port_name), WithJsonSchema({"type": "string", "maxLength": _LONGEST_PORT_NAME})
]
PortNumber = Annotated[int, Field(ge=1, le=HIGHEST)]
PortOrName = Annotated[
    Any,
    BeforeValidator(_port),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": HIGHEST}, {"type": "string"}]}),
]
Block = Annotated[
    str,
    AfterValidator(_block),
    WithJsonSchema({"type": "string", "format": "cidr", "description": "Bits behind the prefix are cleared."}),
]
