"""The pipeline: every table and priority, in the order in which a packet meets them.

A packet enters at CLASSIFY, from a port here, a tunnel, a link to another bridge, a physical segment or the host, and
only ever moves forward, but for two ways back: what one router hands to the next is looked at again, its TTL one less;
what leaves by a router here is translated once STEER has let it. Where nothing claims it, it is dropped: there is no
way round the checks. ``docs/pipeline.md`` is generated from this file.
"""

from __future__ import annotations

from apps import registers as r
from apps.fabric_tables import FABRIC_TABLES
from apps.nat_tables import IPS, NAT_TABLES, PORTS
from apps.policy_tables import POLICY_TABLES
from controller.flow import fields as f
from controller.tables import Table

_PACKET = (f.ETH_SRC, f.ETH_DST, f.ETH_TYPE)
_ND = (f.IP_PROTO, f.ICMPV6_TYPE, f.ND_TARGET, f.ND_SLL, f.ND_TLL)
_ICMP = (f.IP_PROTO, f.ICMP_TYPE, f.ICMPV6_TYPE)
_GUARDED = (r.GUARD, r.ZONE, r.REALM)
_TUNNEL_DST = (f.TUN_DST, f.TUN_IPV6_DST)
_TUNNEL_ENDS = (f.TUN_SRC, f.TUN_IPV6_SRC, *_TUNNEL_DST)
_HEADER = (f.NSH_SPI, f.NSH_C1, f.NSH_C2, f.NSH_C3, f.NSH_C4, f.ETH_SRC, f.ETH_DST)

CLASSIFY = Table(
    0,
    "CLASSIFY",
    "Which network does the packet belong to?",
    {"probe": 400, "wire": 300, "middlebox": 250, "port": 200, "tunnel": 100, "stray": 50},
    (f.IN_PORT, f.VLAN, f.ETH_TYPE, f.ETH_DST),
    sets=(r.NETWORK, r.ORIGIN, r.SENDER, r.PUNT, r.COURSE, *_GUARDED, f.VLAN),
    leads_to=("PEER", "ARRIVAL", "RETURN", "SOURCE", "NEIGHBOUR", "ROUTER_IN", "PUNT"),
    miss="dropped: tagged frames, ports that nobody asked for",
    late=frozenset({"middlebox"}),
)
PEER = Table(
    1,
    "PEER",
    "Does this tunnel packet come from a chassis of ours?",
    {"chassis": 100},
    (f.TUN_SRC, f.TUN_IPV6_SRC),
    leads_to=("ARRIVAL",),
    miss="dropped: a stranger on the underlay",
)
SOURCE = Table(
    4,
    "SOURCE",
    "Is the sender who it says it is (MAC, IP, ARP)?",
    {"probe": 250, "address": 200, "unspecified": 150, "guard": 140, "mac": 100},
    (f.IN_PORT, *_PACKET, f.IPV4_SRC, f.IPV6_SRC, f.UDP_SRC, f.UDP_DST, f.ARP_SPA, f.ARP_SHA, *_ND[:2]),
    sets=(r.PUNT,),
    leads_to=("ND_SOURCE", "NEIGHBOUR", "PUNT"),
    miss="dropped: spoofed",
)
ND_SOURCE = Table(
    5,
    "ND_SOURCE",
    "Does neighbour discovery speak only of the sender's own addresses?",
    {"own": 300, "guard": 200, "other": 100},
    (f.IN_PORT, f.ETH_TYPE, *_ND),
    leads_to=("NEIGHBOUR",),
    miss="never happens: 'other' takes what is not neighbour discovery",
)
NEIGHBOUR = Table(
    6,
    "NEIGHBOUR",
    "Can an ARP or ND question be answered here?",
    {"own": 500, "bare": 400, "address": 300, "link_local": 200, "other": 100},
    (f.IN_PORT, r.NETWORK, f.ETH_TYPE, f.ARP_OP, f.ARP_TPA, *_ND),
    sets=(r.ANSWER_MAC, r.LOOKUP, f.ETH_DST),
    leads_to=("EGRESS", "DESTINATION", "ND_ANSWER", "ARP_ANSWER"),
    miss="never happens: 'other' sends on to EGRESS",
)
SERVICE = Table(
    10,
    "SERVICE",
    "Is it a question to the network itself: DHCP, router solicitation, names?",
    {"question": 200, "false_answer": 150, "other": 100},
    (r.NETWORK, *_PACKET, *IPS, *PORTS, f.ICMPV6_TYPE),
    sets=(r.PUNT,),
    leads_to=("ROUTER_IN", "PUNT"),
    miss="never happens: 'other' sends on to ROUTER_IN",
)
ROUTER_IN = Table(
    11,
    "ROUTER_IN",
    "Is it for a router, or a question about one of its outer addresses?",
    {"heard": 500, "claim": 450, "answer": 400, "link": 300, "outer": 250, "router": 200, "carried": 150, "other": 100},
    (r.NETWORK, r.ORIGIN, *_PACKET, *IPS, *_ND, f.ARP_OP, f.ARP_TPA, f.ARP_SPA),
    sets=(r.ROUTER, r.ORIGIN, r.PUNT, r.ANSWER_MAC, r.SENDER, r.REALM, r.PEER_ADDRESS, r.PEER_ADDRESS6),
    leads_to=("EXIT", "UN_SNAT", "DESTINATION", "ND_ANSWER", "ARP_ANSWER", "PUNT", "WHO"),
    miss="never happens: 'other' sends on to DESTINATION",
)
EXIT = Table(
    12,
    "EXIT",
    "Does the router keep it inside, or does it leave, and where is it translated?",
    {"echo": 900, "own_here": 750, "own": 700, "floating_here": 650, "floating": 600}
    | {"inside": 500, "floating_source": 400, "home_here": 360, "home": 350}
    | {"here": 300, "elsewhere": 200, "nowhere": 100},
    (r.ROUTER, *IPS, *_ICMP),
    sets=(r.NETWORK, r.VIA, r.TOWARDS, r.PUNT, *_TUNNEL_DST),
    leads_to=("UN_SNAT", "ECHO", "ROUTE", "STEER", "DELIVER", "PUNT"),
    miss="dropped: no IP packet",
)
ECHO = Table(
    16,
    "ECHO",
    "How does a router answer a ping?",
    {"request": 100},
    (f.ETH_TYPE, *_ICMP),
    sets=(*IPS[1:], f.ICMP_TYPE, f.ICMPV6_TYPE, f.IP_TTL, r.SCRATCH, r.NEXT_HOP6),
    leads_to=("ROUTE",),
)
ROUTE = Table(
    17,
    "ROUTE",
    "Which network, and which next hop, is the packet for? The longest prefix decides.",
    {"expired": 1000, **{f"/{length}": 100 + length for length in range(129)}, "nowhere": 50},
    (r.ROUTER, *IPS, f.IP_TTL),
    sets=(r.NETWORK, r.ORIGIN, r.SENDER, r.PUNT, r.HOP, r.NEXT_HOP, r.NEXT_HOP6, r.SCRATCH, f.ETH_SRC, f.IP_TTL),
    leads_to=("HOP", "FITS", "PUNT"),
    miss="dropped: no IP packet",
)
HOP = Table(
    18,
    "HOP",
    "Which of several next hops?",
    {"hop": 100},
    (r.ROUTER, r.HOP),
    sets=(r.NETWORK, r.NEXT_HOP, r.NEXT_HOP6, r.SCRATCH, f.ETH_SRC),
    leads_to=("FITS",),
)
FITS = Table(
    19,
    "FITS",
    "Is it small enough for the network it goes to?",
    {"too_large": 200, "other": 100},
    (r.SCRATCH,),
    sets=(r.PUNT,),
    leads_to=("RESOLVE", "PUNT"),
)
RESOLVE = Table(
    20,
    "RESOLVE",
    "Which MAC has the next hop?",
    {"here": 300, "known": 200, "unknown": 100},
    (r.NETWORK, f.ETH_TYPE, *r.ADDRESS_WORDS),
    sets=(f.ETH_DST, r.PUNT),
    leads_to=("SNAT", "PUNT"),
)
DESTINATION = Table(
    22,
    "DESTINATION",
    "Which port, here or on another chassis, is the packet for?",
    {"untranslated": 400, "local": 300, "router": 250, "remote": 200, "shared": 150}
    | {"reserved": 140, "everybody": 120, "group": 100, "unknown": 50},
    (r.NETWORK, r.ORIGIN, r.LOOKUP, f.ETH_DST, f.ETH_TYPE, f.CT_ZONE, f.CT_STATE),
    sets=(r.OUT_PORT, r.VIA, r.PUNT, r.AIM, *_GUARDED, *_TUNNEL_DST),
    leads_to=("CROWD", "FLOOD", "STEER", "INGRESS", "DELIVER", "PUNT"),
    miss="dropped: no such address in this network",
    returns_to=(ROUTER_IN,),
)
CROWD = Table(
    23,
    "CROWD",
    "How often may this port speak to everybody?",
    {"port": 200, "other": 100},
    (f.IN_PORT,),
    leads_to=("FLOOD",),
    meters=True,
)
FLOOD = Table(
    24,
    "FLOOD",
    "Who gets a copy of a broadcast or multicast packet?",
    {"network": 100},
    (r.NETWORK,),
    sets=(r.PART,),
    leads_to=("FLOOD_HERE", "FLOOD_THERE"),
)
FLOOD_HERE = Table(
    25,
    "FLOOD_HERE",
    "Which ports here, part by part? Of what is IP, guarded ports are asked one by one.",
    {"arp": 300, "guarded": 200, "part": 100},
    (r.NETWORK, r.PART, f.ETH_TYPE),
    sets=(r.OUT_PORT, *_GUARDED),
    leads_to=("INGRESS",),
    outputs=True,
)
FLOOD_THERE = Table(
    26,
    "FLOOD_THERE",
    "Which other chassis, or the segment? (never for what came by a tunnel or from a segment)",
    {"network": 100},
    (r.NETWORK, r.ORIGIN),
    sets=(r.VIA, r.TOWARDS, *_TUNNEL_DST),
    leads_to=("DELIVER",),
)
DELIVER = Table(
    32,
    "DELIVER",
    "How does it leave the bridge?",
    {"lookup": 400, "routed": 350, "local": 300, "segment": 250, "home": 240, "link": 220, "self": 200}
    | {"tunnel": 100, "no_tunnel": 50},
    (r.NETWORK, r.ORIGIN, r.LOOKUP, r.VIA, r.TOWARDS, *_TUNNEL_DST),
    sets=(r.ANSWER_MAC, r.ENTROPY, *_HEADER, f.IN_PORT, f.VLAN, f.TUN_ID, *_TUNNEL_ENDS, f.TUN_METADATA0),
    leads_to=("ND_ANSWER", "FABRIC"),
    outputs=True,
)
ND_ANSWER = Table(
    34,
    "ND_ANSWER",
    "How is a neighbour solicitation turned into its advertisement?",
    {"solicitation": 100},
    (f.ETH_TYPE, f.IP_PROTO, f.ICMPV6_TYPE),
    sets=(f.ETH_SRC, f.ETH_DST, f.IPV6_SRC, f.IPV6_DST, f.ICMPV6_TYPE, f.ND_OPTION, f.ND_FLAGS),
    leads_to=("ND_ANSWER_MAC",),
)
ND_ANSWER_MAC = Table(
    35,
    "ND_ANSWER_MAC",
    "Which MAC does the advertisement tell? (it is one only from here on)",
    {"advertisement": 100},
    (f.ETH_TYPE, f.IP_PROTO, f.ICMPV6_TYPE),
    sets=(f.ND_TLL,),
    leads_to=("REPLY",),
)
ARP_ANSWER = Table(
    36,
    "ARP_ANSWER",
    "How is an ARP request turned into its reply?",
    {"request": 100},
    (f.ETH_TYPE, f.ARP_OP),
    sets=(f.ETH_SRC, f.ETH_DST, f.ARP_OP, f.ARP_SPA, f.ARP_TPA, f.ARP_SHA, f.ARP_THA, r.SCRATCH),
    leads_to=("REPLY",),
)
REPLY = Table(
    37,
    "REPLY",
    "How does an answer go back to where the question came from?",
    {"tagged": 200, "other": 100},
    (r.NETWORK, r.ORIGIN),
    sets=(f.VLAN,),
    outputs=True,
)
PUNT = Table(
    38,
    "PUNT",
    "How often may this port's packets go to the daemon?",
    {"port": 100},
    (f.IN_PORT,),
    outputs=True,
    miss="dropped: nothing that is not limited goes there",
)

_TABLES = (
    *(CLASSIFY, PEER, SOURCE, ND_SOURCE, NEIGHBOUR, SERVICE, ROUTER_IN, EXIT, ECHO, ROUTE, HOP),
    *(FITS, RESOLVE, DESTINATION, CROWD, FLOOD, FLOOD_HERE, FLOOD_THERE, DELIVER),
    *(ND_ANSWER, ND_ANSWER_MAC, ARP_ANSWER, REPLY, PUNT, *NAT_TABLES, *POLICY_TABLES, *FABRIC_TABLES),
)
TABLES = tuple(sorted(_TABLES, key=lambda table: table.number))
TABLE_NAMES = {table.number: table.name for table in TABLES}
