"""What a rule is about beside its peers: a protocol, its ports on either side, or the types of ICMP."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from controller.intent import ports as numbers
from controller.intent.kind import Contradiction, Findings
from controller.intent.ports import HIGHEST, PortOrRange
from controller.intent.resource import Sparse, Strict
from controller.intent.values import NOT_EMPTY, some
from controller.policy.services import merged
from controller.policy.values import ICMP, ICMPV6, PROTOCOLS, WITH_PORTS, Range, Service

_ANY = "any"
_HIGHEST_PROTOCOL = 255
_ICMP = frozenset((ICMP, ICMPV6))
_CODES = 0xFF
# As RFC 6335, section 5.1, but that two dashes in a row are no harm.
_PORT_NAME = "^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$"
_NAMED = re.compile(_PORT_NAME, re.ASCII)


def _protocol(value: object) -> str | int:
    if isinstance(value, str) and (value in PROTOCOLS or value == _ANY):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _HIGHEST_PROTOCOL:
        return value
    known = ", ".join((*PROTOCOLS, _ANY))
    raise PydanticCustomError("protocol", "must be one of {known}, or a number from 1 to 255", {"known": known})


def _port_name(value: object) -> str:
    if isinstance(value, str) and _NAMED.fullmatch(value):
        return value
    raise PydanticCustomError("port_name", "must be 1 to 15 of a-z, 0-9 and '-', with a letter among them")


def _port(value: object) -> int | str:
    if isinstance(value, str) and _NAMED.fullmatch(value):
        return value
    if isinstance(value, int | str) and not isinstance(value, bool):
        return numbers.port_or_range(value)
    raise PydanticCustomError("ports", "must be a port, a range of ports like 8000-8010, or a port's name")


_NAME_SCHEMA = {"type": "string", "pattern": _PORT_NAME}
PortName = Annotated[str, PlainValidator(_port_name), WithJsonSchema(_NAME_SCHEMA)]
ServicePort = Annotated[
    int | str,
    PlainValidator(_port),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": HIGHEST},
                {"type": "string", "pattern": "^[0-9]{1,5}-[0-9]{1,5}$", "examples": ["8000-8010"]},
                _NAME_SCHEMA,
            ]
        }
    ),
]
Protocol = Annotated[
    int | str,
    PlainValidator(_protocol),
    WithJsonSchema(
        {"anyOf": [{"enum": [*PROTOCOLS, _ANY]}, {"type": "integer", "minimum": 1, "maximum": _HIGHEST_PROTOCOL}]}
    ),
]
Octet: TypeAlias = Annotated[int, Field(ge=0, le=_CODES)]


class IcmpTypeSpec(Strict):
    """One type of ICMP, with one code or all."""

    type: Octet
    code: Octet | None = None


def _form(value: object) -> str:
    return "[one]" if isinstance(value, dict | IcmpTypeSpec) else "[word]"


IcmpType: TypeAlias = Annotated[
    Annotated[IcmpTypeSpec, Tag("[one]")] | Annotated[Octet, Tag("[word]")], Discriminator(_form)
]
_SOME_PORTS = Field(strict=False, max_length=1000, json_schema_extra=NOT_EMPTY)


class ServiceSpec(Sparse):
    """Packets of one protocol, or of any."""

    protocol: Protocol = _ANY
    ports: Annotated[tuple[ServicePort, ...], _SOME_PORTS, AfterValidator(some)] | None = Field(
        default=None, description="Destination ports: numbers, ranges, and names that the receiving ports give theirs."
    )
    source_ports: Annotated[tuple[PortOrRange, ...], _SOME_PORTS, AfterValidator(some)] | None = None
    types: Annotated[tuple[IcmpType, ...], _SOME_PORTS, AfterValidator(some)] | None = Field(
        default=None, description="Of icmp and icmpv6."
    )


def protocol_number(protocol: int | str) -> int | None:
    """None is any."""
    return protocol if isinstance(protocol, int) else PROTOCOLS.get(protocol)


def services(spec: ServiceSpec) -> tuple[Service, ...]:
    """As policy knows them; none is any."""
    number = protocol_number(spec.protocol)
    if number is None:
        return ()
    given = spec.ports or ()
    names = sorted({port for port in given if _is_name(port)})
    ports = merged(numbers.span(port) for port in given if not _is_name(port))
    sources = merged(numbers.span(port) for port in spec.source_ports or ())
    types = merged(_codes(each) for each in spec.types or ())
    return (Service(number, ports or types, sources, tuple(str(name) for name in names)),)


def service_faults(spec: ServiceSpec, pointer: str) -> Findings:
    """Ports of what has none, and types of what is no ICMP."""
    number = protocol_number(spec.protocol)
    for field in ("ports", "source_ports"):
        if getattr(spec, field) is not None and number not in WITH_PORTS:
            yield Contradiction(f"{pointer}/{field}", f"tcp, udp and sctp have ports; the protocol is {spec.protocol}")
    if spec.types is not None and number not in _ICMP:
        yield Contradiction(f"{pointer}/types", f"icmp and icmpv6 have types; the protocol is {spec.protocol}")


def _is_name(port: int | str) -> bool:
    return isinstance(port, str) and _NAMED.fullmatch(port) is not None


def _codes(each: int | IcmpTypeSpec) -> Range:
    if isinstance(each, int):
        return each << 8, each << 8 | _CODES
    first, last = (0, _CODES) if each.code is None else (each.code, each.code)
    return each.type << 8 | first, each.type << 8 | last
