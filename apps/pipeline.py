"""The pipeline: every register, table and priority, in the order in which a packet meets them.

A packet enters at CLASSIFY, from a port here or from a tunnel, and only ever moves forward. Where nothing claims it,
it is dropped: there is no way round the checks. ``docs/pipeline.md`` is generated from this file.
"""

from __future__ import annotations

from controller.flow import fields as f
from controller.flow.fields import REGS, XREGS
from controller.tables import Table

NETWORK = REGS[0]
"""The network the packet belongs to, as its VNI. Everything after CLASSIFY matches on it: networks never meet."""
ORIGIN = REGS[1]
"""Where the packet came from: FROM_PORT or FROM_TUNNEL. What came by a tunnel never leaves by one."""
OUT_PORT = REGS[2]
"""The local port that the packet is for."""
VIA = REGS[3]
"""How it leaves: LOCALLY to OUT_PORT, or in a tunnel of one encapsulation."""
PART = REGS[4]
"""Which part of a network's local ports a flooded packet is being copied to."""
LOOKUP = REGS[5]
"""QUESTION while a neighbour question is looked up among the destinations, instead of being delivered."""
SWAP = REGS[6]
"""Scratch for the ARP answer."""
ANSWER_MAC = XREGS[4]
"""The MAC that answers an ARP or ND question."""

FROM_PORT, FROM_TUNNEL = 0, 1
LOCALLY = 0
VIA_TUNNEL = {"vxlan": 1, "geneve": 2, "gre": 3}
DELIVERY, QUESTION = 0, 1

_PACKET = (f.ETH_SRC, f.ETH_DST, f.ETH_TYPE)
_ND = (f.IP_PROTO, f.ICMPV6_TYPE, f.ND_TARGET, f.ND_SLL, f.ND_TLL)

CLASSIFY = Table(
    0,
    "CLASSIFY",
    "Which network does the packet belong to?",
    {"port": 200, "tunnel": 100},
    (f.IN_PORT, f.VLAN),
    sets=(NETWORK, ORIGIN),
    leads_to=("PEER", "SOURCE", "NEIGHBOUR"),
    miss="dropped: tagged frames, ports that nobody asked for",
)
PEER = Table(
    1,
    "PEER",
    "Does this tunnel packet come from a chassis of ours?",
    {"chassis": 100},
    (f.TUN_SRC, f.TUN_IPV6_SRC),
    leads_to=("DESTINATION",),
    miss="dropped: a stranger on the underlay",
)
SOURCE = Table(
    2,
    "SOURCE",
    "Is the sender who it says it is (MAC, IP, ARP)?",
    {"address": 200, "unspecified": 150, "guard": 140, "mac": 100},
    (f.IN_PORT, *_PACKET, f.IPV4_SRC, f.IPV6_SRC, f.IP_PROTO, f.UDP_SRC, f.UDP_DST, f.ARP_SPA, f.ARP_SHA),
    leads_to=("ND_SOURCE", "NEIGHBOUR"),
    miss="dropped: spoofed",
)
ND_SOURCE = Table(
    3,
    "ND_SOURCE",
    "Does neighbour discovery speak only of the sender's own addresses?",
    {"own": 300, "guard": 200, "other": 100},
    (f.IN_PORT, f.ETH_TYPE, *_ND),
    leads_to=("NEIGHBOUR",),
    miss="never happens: 'other' takes what is not neighbour discovery",
)
NEIGHBOUR = Table(
    4,
    "NEIGHBOUR",
    "Can an ARP or ND question be answered here?",
    {"own": 500, "bare": 400, "address": 300, "link_local": 200, "other": 100},
    (f.IN_PORT, NETWORK, f.ETH_TYPE, f.ARP_OP, f.ARP_TPA, *_ND),
    sets=(ANSWER_MAC, LOOKUP, f.ETH_DST),
    leads_to=("DESTINATION", "ND_ANSWER", "ARP_ANSWER"),
    miss="never happens: 'other' sends on to DESTINATION",
)
DESTINATION = Table(
    5,
    "DESTINATION",
    "Which port, here or on another chassis, is the packet for?",
    {"local": 300, "remote": 200, "shared": 150, "group": 100},
    (NETWORK, ORIGIN, LOOKUP, f.ETH_DST),
    sets=(OUT_PORT, VIA, f.TUN_DST, f.TUN_IPV6_DST),
    leads_to=("FLOOD", "DELIVER"),
    miss="dropped: no such address in this network",
)
FLOOD = Table(
    6,
    "FLOOD",
    "Who gets a copy of a broadcast or multicast packet?",
    {"network": 100},
    (NETWORK,),
    sets=(PART,),
    leads_to=("FLOOD_HERE", "FLOOD_THERE"),
)
FLOOD_HERE = Table(
    7,
    "FLOOD_HERE",
    "Which ports here, part by part?",
    {"part": 100},
    (NETWORK, PART),
    outputs=True,
)
FLOOD_THERE = Table(
    8,
    "FLOOD_THERE",
    "Which other chassis? (never for what came by a tunnel)",
    {"network": 100},
    (NETWORK, ORIGIN),
    sets=(VIA, f.TUN_DST, f.TUN_IPV6_DST),
    leads_to=("DELIVER",),
)
DELIVER = Table(
    9,
    "DELIVER",
    "How does it leave the bridge?",
    {"lookup": 400, "local": 300, "self": 200, "tunnel": 100},
    (LOOKUP, VIA, f.TUN_DST, f.TUN_IPV6_DST),
    sets=(ANSWER_MAC, f.TUN_ID, f.TUN_SRC, f.TUN_IPV6_SRC),
    leads_to=("ND_ANSWER",),
    outputs=True,
)
ND_ANSWER = Table(
    10,
    "ND_ANSWER",
    "How is a neighbour solicitation turned into its advertisement?",
    {"solicitation": 100},
    (f.ETH_TYPE, f.IP_PROTO, f.ICMPV6_TYPE),
    sets=(f.ETH_SRC, f.ETH_DST, f.IPV6_SRC, f.IPV6_DST, f.ICMPV6_TYPE, f.ND_OPTION, f.ND_FLAGS),
    leads_to=("ND_ANSWER_MAC",),
)
ND_ANSWER_MAC = Table(
    11,
    "ND_ANSWER_MAC",
    "Which MAC does the advertisement tell? (it is one only from here on)",
    {"advertisement": 100},
    (f.ETH_TYPE, f.IP_PROTO, f.ICMPV6_TYPE),
    sets=(f.ND_TLL,),
    outputs=True,
)
ARP_ANSWER = Table(
    12,
    "ARP_ANSWER",
    "How is an ARP request turned into its reply?",
    {"request": 100},
    (f.ETH_TYPE, f.ARP_OP),
    sets=(f.ETH_SRC, f.ETH_DST, f.ARP_OP, f.ARP_SPA, f.ARP_TPA, f.ARP_SHA, f.ARP_THA, SWAP),
    outputs=True,
)

TABLES = (
    *(CLASSIFY, PEER, SOURCE, ND_SOURCE, NEIGHBOUR, DESTINATION, FLOOD, FLOOD_HERE, FLOOD_THERE, DELIVER),
    *(ND_ANSWER, ND_ANSWER_MAC, ARP_ANSWER),
)
TABLE_NAMES = {table.number: table.name for table in TABLES}
REGISTERS = {
    "NETWORK": NETWORK,
    "ORIGIN": ORIGIN,
    "OUT_PORT": OUT_PORT,
    "VIA": VIA,
    "PART": PART,
    "LOOKUP": LOOKUP,
    "SWAP": SWAP,
    "ANSWER_MAC": ANSWER_MAC,
}
