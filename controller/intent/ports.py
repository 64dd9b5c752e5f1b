"""TCP and UDP ports as documents name them: 8080, or a range like 8000-8010; what is no port is refused by its name."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

HIGHEST = 65535
_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)
_RANGE_PATTERN = "^[0-9]{1,5}-[0-9]{1,5}$"


def span(ports: int | str) -> tuple[int, int]:
    """The first and the last port of what passed here."""
    if isinstance(ports, int):
        return ports, ports
    low, _, high = ports.partition("-")
    return int(low), int(high)


def _port(number: int) -> int:
    if not 1 <= number <= HIGHEST:
        raise PydanticCustomError("port", "there is no port {number}; ports are 1 to 65535", {"number": number})
    return number


def _range(value: object) -> str:
    found = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("ports", "must be a range of ports like 8000-8010")
    low, high = _port(int(found[1])), _port(int(found[2]))
    if low > high:
        raise PydanticCustomError("ports", "the range is backwards; did you mean {meant}?", {"meant": f"{high}-{low}"})
    return f"{low}-{high}"


def port_or_range(value: object) -> int | str:
    """A port or a canonical range; raises PydanticCustomError for what is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _port(value)
    if not isinstance(value, str):
        raise PydanticCustomError("ports", "must be a port, or a range of ports like 8000-8010")
    return _range(value)


_RANGE_SCHEMA = {"type": "string", "pattern": _RANGE_PATTERN, "examples": ["8000-8010"]}
PortRange = Annotated[str, PlainValidator(_range), WithJsonSchema(_RANGE_SCHEMA)]
PortOrRange = Annotated[
    int | str,
    PlainValidator(port_or_range),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": HIGHEST}, _RANGE_SCHEMA]}),
]
