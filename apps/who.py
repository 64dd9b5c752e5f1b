"""Who: a machine of ours is known by its address where no packet says by itself who it is.

A packet says so on the chassis of its sender, and in a Geneve option. Where it goes in another way, or where the
question is to whom it goes, addresses are looked up; an address that different machines have is nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.binding import own_addresses, reach, singles
from apps.policy_tables import WHO
from apps.standing import standing
from controller.courses import Stake
from controller.derived import Endpoint
from controller.flow.actions import set_field
from controller.flow.flow import Flow, Hosts, Match
from controller.policy.derived import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.flow.flow import Scope

TOLD = {r.TELLING, "host-only"}
"""Ways on which a packet says who sent it, as ``Endpoint``'s index ``conveyed`` names them."""


def addresses(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """The endpoint's own addresses, and those single ones that it was allowed, if anybody asks whose they are."""
    if endpoint.of_host or not _asked(endpoint.realm, view):
        return
    own = standing(endpoint, view)
    for address in dict.fromkeys((*own_addresses(endpoint), *singles(endpoint))):
        if _alone(endpoint, address, own, view):
            match: Match = {r.PEER: 0, r.REALM: own.realm, **r.held(address)}
            yield WHO.flow(_scope(endpoint), "address", match, [set_field(r.PEER, own.identity)])


def _asked(realm: str, view: View) -> bool:
    """Whether a port of the realm is guarded by whom it speaks to, or by who speaks to it in a way that hides that.

    Middleboxes hide it too.
    """
    if view.groups(Standing, "guarded", (realm, "egress")) or view.groups(Stake, "returned", realm):
        return True
    if not view.groups(Standing, "guarded", (realm, "ingress")):
        return False
    return not TOLD.issuperset(view.groups(Endpoint, "conveyed", realm))


def _alone(endpoint: Endpoint, address: str, own: Standing, view: View) -> bool:
    """Whether no other machine of the realm has the address, but of the same identity."""
    if view.count(Endpoint, "realm_address", (endpoint.realm, address)) == 1:
        return True
    others = view.where(Endpoint, "realm_address", (endpoint.realm, address))
    return all(not other.of_host and standing(other, view).identity == own.identity for other in others)


def _scope(endpoint: Endpoint) -> Scope:
    """Who may hear of it: by a segment, every chassis of the realm."""
    return Hosts(endpoint.realm) if endpoint.mode == "bridged" else reach(endpoint)
