"""Sharing: a network that its project shares is also others', to leave by and to have addresses of.

They name it ``project/name``. One that is not shared is to them as one that does not exist.
"""

from __future__ import annotations

from controller.intent.kind import Draft
from controller.intent.kinds.network import NetworkSpec
from controller.intent.resource import Key


def network_key(project: str, reference: str) -> Key:
    """What a reference means in a project: a bare name is the project's own."""
    owner, _, name = reference.rpartition("/")
    return "Network", owner or project, name


def usable(draft: Draft, asking: Key, reference: str) -> NetworkSpec | None:
    """The network that a resource refers to, if it exists and is the resource's project's, or shared."""
    key = network_key(asking[1], reference)
    found: NetworkSpec | None = draft.spec(key)
    if found is None or key[1] == asking[1]:
        return found
    return found if found.shared and asking not in draft.denied else None


def reached(asking: Key, reference: str, *, given: bool) -> Key | None:
    """The network that a resource refers to: its own project's in any case, another's if something of it was given."""
    key = network_key(asking[1], reference)
    return key if given or key[1] == asking[1] else None


def lent(asking: Key, reference: str, *, given: bool) -> Key | None:
    """The network of another project that a resource was given something of, or None."""
    key = network_key(asking[1], reference)
    return key if given and key[1] != asking[1] else None
