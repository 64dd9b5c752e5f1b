"""The words that documents are made of: names, MAC addresses, IP addresses, blocks, ports; each has one spelling.

A value that passes here is canonical text (lower-case MACs, compressed IPv6), so that equal things are equal strings.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_Item = TypeVar("_Item")
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
_REFERENCE = r"^([a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?/)?[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
_LABEL_KEY = r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$"
_LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$"
# The second digit of a unicast MAC address is even (IEEE 802-2014, 8.2.2).
_UNICAST_MAC = r"^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$"
_PLACE = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"
_LINK = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}-[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"
_PATH_END = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}(/[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?)?$"
_PHYSICAL = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
_DOMAIN = r"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$"
PATTERN_WORDS = {
    _NAME: "must be 1 to 63 of a-z, 0-9, '.', '_' and '-', and begin and end with a letter or a digit",
    _REFERENCE: "must be a name, or project/name for what another project shares",
    _LABEL_KEY: "must be 1 to 128 of letters, digits and '._/-', and begin and end with a letter or a digit",
    _LABEL_VALUE: "must be at most 63 of letters, digits and '._-', and begin and end with a letter or a digit",
    _UNICAST_MAC: "must be a unicast MAC address like 02:00:00:00:00:01",
    _PLACE: "must be 1 to 128 of letters, digits and '._:@-', and begin with a letter or a digit",
    _LINK: "must be the names of two bridges with '-' between them, like s1-s2",
    _PATH_END: "must be the name of a bridge, or project/name of a port",
    _PHYSICAL: "must be 1 to 63 of letters, digits and '._-', and begin with a letter or a digit",
    _DOMAIN: "must be a domain name like example.org",
}
"""What a pattern asks for, in words for people."""
_MOST_LABELS = 64
_HIGHEST_RATE = 1e9
_LONGEST = 1e6
_SHORTEST_PREFIX = {4: 8, 6: 32}
_NO_MAC = "00:00:00:00:00:00"


def _mac(text: str) -> str:
    if text == _NO_MAC:
        raise PydanticCustomError("mac", "00:00:00:00:00:00 is not a usable MAC address")
    return text.lower()


def _unusable(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    if address.is_multicast or address.is_loopback or address.is_unspecified:
        return "multicast, loopback and unspecified addresses cannot be given to ports"
    if address.version == 6 and address.is_link_local:  # noqa: PLR2004 - the IP version reads best as itself
        return "link-local addresses are each port's own and cannot be given"
    return None


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise PydanticCustomError("address", "not an IPv4 or IPv6 address") from None
    if "%" in text:
        raise PydanticCustomError("address", "an address here has no zone")
    if problem := _unusable(address):
        raise PydanticCustomError("address", problem)
    return str(address)


def _block(text: str) -> IpNetwork:
    if "/" not in text:
        raise PydanticCustomError("cidr", "a block needs a prefix length, like 10.1.0.0/24")
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise PydanticCustomError("cidr", "not an IPv4 or IPv6 block like 10.1.0.0/24") from None
    raise PydanticCustomError("cidr", "has host bits set; did you mean {meant}?", {"meant": str(meant)})


def _cidr(text: str) -> str:
    block = _block(text)
    if problem := _unusable(block.network_address):
        raise PydanticCustomError("cidr", problem)
    if block.prefixlen < _SHORTEST_PREFIX[block.version]:
        shortest = _SHORTEST_PREFIX[block.version]
        raise PydanticCustomError("cidr", "larger than /{shortest}, the largest subnet", {"shortest": shortest})
    return str(block)


def _destination(text: str) -> str:
    block = _block(text)
    if block.prefixlen and (problem := _unusable(block.network_address)):
        raise PydanticCustomError("cidr", problem)
    return str(block)


def some(given: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """A list that is given has something in it: a choice of nothing is a mistake. Raises PydanticCustomError."""
    if not given:
        raise PydanticCustomError("empty", "give at least one, or leave it out")
    return given


@lru_cache(1 << 16)
def policy_block(text: str) -> str:
    """Any block at all: policies speak of multicast, too. Raises PydanticCustomError."""
    return str(_block(text))


def _address_range(text: str) -> str:
    low, dash, high = (part.strip() for part in text.partition("-"))
    if not dash:
        raise PydanticCustomError("range", "give the first and the last address, like 10.1.0.100-10.1.0.200")
    low, high = _address(low), _address(high)
    first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
    if first.version != last.version:
        raise PydanticCustomError("range", "the two ends are of different IP versions")
    if int(first) > int(last):
        said = {"meant": f"{high}-{low}"}
        raise PydanticCustomError("range", "the range is backwards; did you mean {meant}?", said)
    return f"{low}-{high}"


def _address_or_block(text: str) -> str:
    return str(_block(text)) if "/" in text else _address(text)


NOT_EMPTY: dict[str, JsonValue] = {"minItems": 1}
"""What the schema says of a list that ``some`` judges."""
Name = Annotated[str, StringConstraints(pattern=_NAME)]
Reference = Annotated[str, StringConstraints(pattern=_REFERENCE)]
LabelKey = Annotated[str, StringConstraints(pattern=_LABEL_KEY)]
LabelValue = Annotated[str, StringConstraints(pattern=_LABEL_VALUE)]
Labels = Annotated[
    dict[LabelKey, LabelValue],
    Field(max_length=_MOST_LABELS),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": _LABEL_VALUE},
            "propertyNames": {"pattern": _LABEL_KEY},
            "maxProperties": _MOST_LABELS,
        }
    ),
]
Mac = Annotated[str, StringConstraints(pattern=_UNICAST_MAC), AfterValidator(_mac)]
_TEXT_LIMIT = StringConstraints(max_length=64)
Address = Annotated[
    str,
    _TEXT_LIMIT,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
]
Cidr = Annotated[str, _TEXT_LIMIT, AfterValidator(_cidr), WithJsonSchema({"type": "string", "format": "cidr"})]
AddressOrCidr = Annotated[
    str,
    _TEXT_LIMIT,
    AfterValidator(_address_or_block),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}, {"format": "cidr"}]}),
]
Destination = Annotated[
    str,
    _TEXT_LIMIT,
    AfterValidator(_destination),
    WithJsonSchema({"type": "string", "format": "cidr", "description": "0.0.0.0/0 and ::/0 are everything."}),
]
AddressRange = Annotated[
    str,
    StringConstraints(max_length=128),
    AfterValidator(_address_range),
    WithJsonSchema({"type": "string", "examples": ["10.1.0.100-10.1.0.200"]}),
]
Place = Annotated[str, StringConstraints(pattern=_PLACE)]
PathEnd = Annotated[str, StringConstraints(pattern=_PATH_END)]
LinkName = Annotated[str, StringConstraints(pattern=_LINK)]
Rate = Annotated[float, Field(gt=0, le=_HIGHEST_RATE, allow_inf_nan=False, description="Mbit/s")]
Milliseconds = Annotated[float, Field(gt=0, le=_LONGEST, allow_inf_nan=False, description="ms")]
Physical = Annotated[str, StringConstraints(pattern=_PHYSICAL)]
Domain = Annotated[str, StringConstraints(pattern=_DOMAIN, max_length=253, to_lower=True)]
