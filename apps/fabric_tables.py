"""The tables of links and ways: what comes from another bridge, what is steered, and by which link it goes on.

Between bridges a frame travels behind a network service header, which names a chassis or a track; bridges on its way
look at nothing else of it. ``apps/pipeline.py`` has the other tables.
"""

from __future__ import annotations

from apps import registers as r
from apps.nat_tables import IPS, PORTS, UN_SNAT
from controller.flow import fields as f
from controller.tables import Descending, Table

COURSES = 60_000
"""The most flows that choose among path policies and service chains, one above the other."""
_PORTS = (*PORTS, f.SCTP_SRC, f.SCTP_DST)
_MESSAGES = (f.ICMP_TYPE, f.ICMP_CODE, f.ICMPV6_TYPE, f.ICMPV6_CODE)
_TUNNEL_DST = (f.TUN_DST, f.TUN_IPV6_DST)

ARRIVAL = Table(
    2,
    "ARRIVAL",
    "Is a frame that came by the links between bridges for this one?",
    {"handover": 400, "here": 300, "onward": 200, "other": 100},
    (r.NETWORK, f.ETH_TYPE, f.NSH_SPI, f.NSH_C4),
    sets=(r.NETWORK, r.SENDER, r.OUT_PORT, r.VIA, f.NSH_SPI, f.IN_PORT),
    leads_to=("ROUTER_IN", "DELIVER", "FABRIC"),
    miss="never happens: 'other' sends on to ROUTER_IN what came by a tunnel as it is",
    late=frozenset({"handover", "here"}),
)
RETURN = Table(
    3,
    "RETURN",
    "Which network does a frame that a middlebox gives back belong to?",
    {"inside": 120, "machine": 100, "router": 90},
    (r.COURSE, f.ETH_DST, *IPS),
    sets=(r.NETWORK,),
    leads_to=("ROUTER_IN", "DESTINATION"),
    miss="dropped: for nobody whom the service chain speaks of",
    late=frozenset({"inside", "machine", "router"}),
)
STEER = Table(
    27,
    "STEER",
    "Does a service chain or a path policy speak of the packet?",
    Descending(65_000, COURSES, {"returned": 65_002, "passing": 65_001, "other": 1}),
    (r.LOOKUP, r.ORIGIN, r.COURSE, r.SENDER, r.AIM, f.CONJ_ID, *IPS, *_PORTS, f.IP_FRAG, *_MESSAGES),
    sets=(r.COURSE,),
    leads_to=("PATHS",),
    miss="never happens: 'other' sends on to PATHS",
)
PATHS = Table(
    28,
    "PATHS",
    "Which way does it go from here?",
    {"step": 310, "chain": 300, "round": 250, "local": 240, "leaving": 230, "track": 200, "refused": 150, "remote": 50},
    (r.COURSE, r.VIA, r.TOWARDS, r.ENTROPY),
    sets=(r.VIA, r.TOWARDS, r.HANDOVER, r.ENTROPY, r.COURSE),
    leads_to=("PATHS", "INGRESS", "DELIVER"),
    miss="never happens: 'local' and 'remote' send on",
    returns_to=(UN_SNAT,),
    again=True,
    begins=frozenset({"chain", "track"}),
)
FABRIC = Table(
    33,
    "FABRIC",
    "By which link does a frame go on, to the chassis or along the track that its header names?",
    {"track": 200, "route": 100},
    (f.ETH_TYPE, f.NSH_SPI),
    sets=(f.NSH_SPI, f.NSH_TTL, f.IN_PORT, f.TUN_ID, f.TUN_SRC, f.TUN_IPV6_SRC, *_TUNNEL_DST),
    leads_to=("FABRIC",),
    outputs=True,
    miss="dropped: there is no way there",
    again=True,
    late=frozenset({"track", "route"}),
)
FABRIC_TABLES = (ARRIVAL, RETURN, STEER, PATHS, FABRIC)
