"""Enclosing: a packet gets its header where it leaves its chassis, and goes on by the links as a frame between bridges.

The header (RFC 8300, type 1) names the way, and carries in its context the network, a hash of the connection, who sent
it, and the port of a middlebox.
"""

from __future__ import annotations

from apps import registers as r
from apps.fabric_tables import FABRIC
from controller.flow.actions import Action, copy, multipath, set_field
from controller.flow.cloning import Clone, clone
from controller.flow.fields import ETH_DST, ETH_SRC, NSH_C1, NSH_C2, NSH_C3
from controller.flow.headers import decap, encap_ethernet, encap_nsh

FRAME_SOURCE, FRAME_TARGET = "02:6e:65:74:6c:01", "02:6e:65:74:6c:02"
"""The MACs of all frames between bridges: links have two ends, so that nobody asks for them."""


def enclosed(*context: Action) -> Clone:
    """Send a copy of the packet on behind a header; ``context`` writes the service path and more into that.

    A copy, since a flooded packet goes on to the next chassis as it was. Its Ethernet header is taken off at its end:
    where FABRIC drops it, Open vSwitch 3.1 would otherwise put that header on the next copy, and end over it.
    """
    return clone(
        multipath(1 << r.ENTROPY_BITS, r.ENTROPY, 0, r.ENTROPY_BITS, modulo=True),
        encap_nsh(),
        copy(r.NETWORK, NSH_C1),
        copy(r.ENTROPY, NSH_C2, r.ENTROPY_BITS),
        copy(r.SENDER, NSH_C3),
        *context,
        encap_ethernet(),
        set_field(ETH_SRC, FRAME_SOURCE),
        set_field(ETH_DST, FRAME_TARGET),
        FABRIC.resubmit,
        decap(),
    )
