"""AddressGroup: blocks of addresses under a name that rules use; who changes it changes them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Claim, Kind
from controller.intent.kinds.peers import PolicyBlock
from controller.intent.kinds.security_group import group_claim
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict
from controller.intent.values import Name
from controller.policy import values

_MOST = 10_000


class AddressGroupSpec(Strict):
    """What a group of addresses is to be; it may be empty for a while."""

    cidrs: Annotated[tuple[PolicyBlock, ...], Field(strict=False, max_length=_MOST)]


class AddressGroupDocument(Document):
    """Addresses under a name."""

    kind: Literal["AddressGroup"]
    project: Name
    spec: AddressGroupSpec


def _claims(key: Key, _spec: AddressGroupSpec, _allocated: NoAllocation) -> Iterator[Claim]:
    yield group_claim(key)


def _entity(resource: Resource) -> values.AddressGroup:
    row = resource.row
    return values.AddressGroup(f"{row.project}/{row.name}", row.uid, tuple(dict.fromkeys(resource.spec.cidrs)))


ADDRESS_GROUP = Kind(
    name="AddressGroup",
    plural="addressgroups",
    scoped=True,
    rank=2,
    document=AddressGroupDocument,
    spec=AddressGroupSpec,
    claims=_claims,
    entity=_entity,
)
