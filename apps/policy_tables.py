"""The tables of policy: what a port may send, before anything else is made of it, and what it may get, last of all.

Both stages ask the same questions of the same tables (WHO to TALLY), which come back with the rule that decided. Where
they come back with none, the packet is dropped. ``apps/pipeline.py`` has the other tables.
"""

from __future__ import annotations

from apps import registers as r
from controller.flow import fields as f
from controller.policy.tiers import PLACES
from controller.tables import Descending, Table

_IPS = (f.ETH_TYPE, f.IP_PROTO)
_EXEMPT = (*_IPS, f.IP_FRAG, f.UDP_SRC, f.UDP_DST, f.ICMPV6_TYPE, f.IP_TTL)
_STATE = (r.ZONE, f.CT_STATE, f.CT_MARK, *_IPS, f.IP_FRAG, f.ICMP_TYPE, f.ICMPV6_TYPE)
_ASKS = (r.PEER, r.PEER_ADDRESS, r.PEER_ADDRESS6, r.RULE, f.CT_MARK, r.PUNT)
_QUESTIONS = ("WHO", "ASKED", "REHEARSAL", "RULES", "TALLY")
_FIRST_LEVELS = {
    "exempt": 500,
    "untracked": 400,
    "piece": 350,
    "loose": 300,
    "guarded": 200,
    "arp": 150,
    "other": 100,
    "piecewise": 50,
}
_STATE_LEVELS = {
    "piecewise": 400,
    "untracked": 350,
    "invalid": 300,
    "cut": 250,
    "piece": 220,
    "new": 200,
    "carried_on": 100,
}
_UNKNOWN = "dropped: it belongs to no connection that is known"
_VERDICT = "What becomes of a packet that begins something?"
_VERDICT_LEVELS = {"whole": 500, "known": 400, "untracked": 300, "piece": 250, "allowed": 200, "rejected": 100}
_JUDGED = (r.RULE, r.ZONE, f.ETH_TYPE, f.IP_FRAG, f.CT_STATE)
_JUDGES = (r.RULE, f.CT_MARK, r.PUNT)
_DENIED = "dropped: denied, or no rule speaks of it"

EGRESS = Table(
    7,
    "EGRESS",
    "Is the port guarded in what it sends? Where it is not, its connections are only remembered.",
    _FIRST_LEVELS,
    (r.NETWORK, r.GUARD, r.ZONE, *_EXEMPT, f.IPV4_DST, f.IPV6_DST),
    sets=(r.ZONE,),
    leads_to=("EGRESS_STATE", "SERVICE"),
    miss="dropped: a guarded port speaks IP and ARP only",
)
EGRESS_STATE = Table(
    8,
    "EGRESS_STATE",
    "Does it carry on a connection that was let begin? If not: what does it ask of whom, and what says the guard?",
    _STATE_LEVELS,
    _STATE,
    sets=_ASKS,
    leads_to=("EGRESS_VERDICT", "SERVICE", "PUNT", *_QUESTIONS),
    miss=_UNKNOWN,
)
EGRESS_VERDICT = Table(
    9,
    "EGRESS_VERDICT",
    _VERDICT,
    _VERDICT_LEVELS,
    _JUDGED,
    sets=_JUDGES,
    leads_to=("EGRESS_VERDICT", "SERVICE", "PUNT"),
    miss=_DENIED,
    again=True,
)
INGRESS = Table(
    29,
    "INGRESS",
    "Is the port guarded in what it gets?",
    {"question": 600, "flooded": 250, **_FIRST_LEVELS},
    (r.LOOKUP, r.ORIGIN, r.GUARD, r.ZONE, *_EXEMPT),
    sets=(r.ZONE,),
    leads_to=("INGRESS_STATE", "DELIVER"),
    miss="dropped: a guarded port gets IP and ARP only",
)
INGRESS_STATE = Table(
    30,
    "INGRESS_STATE",
    "Does it carry on a connection that was let begin? If not: what does it ask, who sent it, and what says the guard?",
    _STATE_LEVELS,
    _STATE,
    sets=_ASKS,
    leads_to=("INGRESS_VERDICT", "DELIVER", "PUNT", *_QUESTIONS),
    miss=_UNKNOWN,
)
INGRESS_VERDICT = Table(
    31,
    "INGRESS_VERDICT",
    _VERDICT,
    _VERDICT_LEVELS,
    _JUDGED,
    sets=_JUDGES,
    leads_to=("INGRESS_VERDICT", "DELIVER", "PUNT"),
    miss=_DENIED,
    again=True,
)
WHO = Table(
    39,
    "WHO",
    "Which machine of ours has the other end's address, where that did not come with the packet?",
    {"address": 100},
    (r.PEER, r.REALM, f.ETH_TYPE, *r.ADDRESS_WORDS),
    sets=(r.PEER,),
    miss="somebody else: none of ours",
)
REHEARSAL = Table(
    40,
    "REHEARSAL",
    "What would the guard say if audited policies were enforced?",
    {"guard": 100},
    (r.GUARD,),
    sets=(r.GUARD, r.RULE),
    leads_to=("RULES", "REHEARSED", "ASKED"),
    miss="nothing is audited",
)
RULES = Table(
    41,
    "RULES",
    "Which rule speaks first? A rule that passes, and a tier that nothing speaks in, hand on to the next stage.",
    Descending(65_000, PLACES, {"default": 1}),
    (r.GUARD, r.PEER, r.PORTS, r.SOURCE_PORT, f.ETH_TYPE, *r.ADDRESS_WORDS, f.CONJ_ID),
    sets=(r.RULE, r.GUARD),
    leads_to=("RULES",),
    miss="no rule: dropped",
    again=True,
)
REHEARSED = Table(
    42,
    "REHEARSED",
    "Which audited rule would have decided?",
    {"rule": 100},
    (r.GUARD, r.RULE),
    sets=(r.PUNT,),
    outputs=True,
    miss="none that is audited",
)
ASKED = Table(
    43,
    "ASKED",
    "Which protocol and ports, in one word for IPv4 and IPv6? (said again behind a rehearsal, which forgets it)",
    {"ports": 200, "protocol": 100},
    _IPS,
    sets=(r.PORTS, r.SOURCE_PORT),
    miss="never happens: it is an IP packet",
)
TALLY = Table(
    44,
    "TALLY",
    "How often did each rule decide, and how much did it let through?",
    {"rule": 100},
    (r.GUARD, r.RULE),
    sets=(r.PUNT,),
    outputs=True,
    miss="not counted",
)

POLICY_TABLES = (
    *(EGRESS, EGRESS_STATE, EGRESS_VERDICT, INGRESS, INGRESS_STATE, INGRESS_VERDICT),
    *(WHO, REHEARSAL, RULES, REHEARSED, ASKED, TALLY),
)
