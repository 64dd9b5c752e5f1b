"""Whom a change makes change though nobody asked: ports whose network comes, floating IPs whose port moves.

Guests are those who wait for a network that another project shares. They get what they ask for where that can be, and
nothing else; whoever shares a network is neither stopped by them nor told of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from controller.intent.draft import Proposed
from controller.intent.kinds import KINDS
from controller.intent.resource import Key, Resource
from controller.intent.rules import Removal
from controller.intent.state import Intent


def disturbed(intent: Intent, puts: Sequence[Proposed], removals: Sequence[Removal]) -> Iterator[Proposed]:
    """Resources that must be settled anew; those disturb in their turn who refers to them."""
    touched = {put.key for put in puts} | {removal.key for removal in removals}
    waiting = deque(put for put in puts if _disturbs(put))
    while waiting:
        put = waiting.popleft()
        for key in intent.referrers(put.key):
            standing = intent.resource(key)
            if standing is None or key in touched or not _concerned(put, key):
                continue
            touched.add(key)
            implied = _implied(put, standing)
            waiting.append(implied)
            yield implied


def _disturbs(put: Proposed) -> bool:
    return KINDS[put.key[0]].disturbed(put.before.spec if put.before else None, put.spec)


def _concerned(put: Proposed, key: Key) -> bool:
    """What is not shared is nothing to other projects."""
    return put.key[1] == key[1] or put.spec.shared


def _implied(put: Proposed, standing: Resource) -> Proposed:
    pointer = put.pointer + "/spec" if put.cause is None else put.pointer
    guest = put.guest or (standing.key if _waits(standing) else None)
    labels, uid = standing.row.labels, standing.row.uid
    return Proposed(standing.key, labels, standing.spec, standing, uid, pointer, put.cause or put.key, guest)


def _waits(standing: Resource) -> bool:
    """Whether a resource has nothing so far of another project's network that it asks for."""
    kind, project = KINDS[standing.key[0]], standing.key[1]
    if kind.lent(standing.key, standing.spec, standing.allocated) is not None:
        return False
    return any(target[1] != project for target in kind.references(standing.key, standing.spec))
