"""Standing: how a port stands to policy, as registers say it: who it is, what guards it, and its own zone.

A port of which nothing is known yet neither speaks nor hears; a guarded one without a zone does not either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from controller.compiler.view import Missing
from controller.flow.actions import set_field
from controller.policy.derived import Standing

if TYPE_CHECKING:
    from controller.compiler.view import View
    from controller.derived import Endpoint
    from controller.flow.actions import Action

NOWHERE = Standing("", "", "", "", 0, 0, 0, 0, 0, ())
"""Of the host's own port, which no policy speaks of."""


def standing(endpoint: Endpoint, view: View) -> Standing:
    """How the port stands; ``Missing`` where that is not known, or where it is guarded and has no zone."""
    at = known(endpoint, view)
    if at is None:
        raise Missing(endpoint.key)
    return at


def known(endpoint: Endpoint, view: View) -> Standing | None:
    """How the port stands, for those who go on without it."""
    if endpoint.of_host:
        return NOWHERE
    at = view.find(Standing, endpoint.key)
    return None if at is None or ((at.ingress or at.egress) and not at.zone) else at


def sending(endpoint: Endpoint, view: View) -> list[Action]:
    """What is known of a packet that the port sends, all registers being 0 then."""
    at = standing(endpoint, view)
    realm = at.realm if at.egress else 0
    told = ((r.SENDER, at.identity), (r.GUARD, at.egress), (r.ZONE, at.zone), (r.REALM, realm))
    return [set_field(register, value) for register, value in told if value]


def receiving(endpoint: Endpoint, view: View) -> list[Action]:
    """What is known of a packet that the port is to get, whatever the registers held before."""
    at = standing(endpoint, view)
    told = ((r.GUARD, at.ingress), (r.ZONE, at.zone), *(((r.REALM, at.realm),) if at.ingress else ()))
    return [set_field(register, value) for register, value in told]
