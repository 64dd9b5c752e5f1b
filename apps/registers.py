"""The registers: what one table of the pipeline tells the later ones about a packet, and the values it tells it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.flow.blocks import matched
from controller.flow.fields import ETH_IP, ETH_IPV6, ETH_TYPE, REGS, XREGS, XXREGS, Masked, integer

if TYPE_CHECKING:
    from controller.flow.flow import Match

NETWORK = REGS[0]
"""The network the packet belongs to, as its VNI. Everything after CLASSIFY matches on it: networks never meet."""
ORIGIN = REGS[1]
"""Where the packet came from. What came by a tunnel or from a segment never leaves by one, but for a router."""
OUT_PORT = REGS[2]
"""The local port that the packet is for."""
VIA = REGS[3]
"""How it leaves: LOCALLY to OUT_PORT, in a tunnel of one encapsulation, or onto a physical SEGMENT."""
PART = REGS[4]
"""Which part of a network's local ports a flooded packet is being copied to."""
LOOKUP = REGS[5]
"""QUESTION while a neighbour question is looked up among the destinations, instead of being delivered."""
SCRATCH = REGS[6]
"""For one table to the next: an address that changes places, whether a packet is too large (bit 0)."""
ROUTER = REGS[7]
"""The number of the router that has the packet."""
SENDER = REGS[11]
"""The identity of the machine of ours that sent the packet, 0 for everybody else; it stays with the packet."""
ANSWER_MAC = XREGS[4]
"""The MAC that answers an ARP or ND question."""
PUNT = REGS[10]
"""Why the packet goes to the daemon."""
HOP = REGS[8]
"""Which of several next hops: the route's number, and in the low HOP_BITS the hop's."""
NEXT_HOP = REGS[15]
"""The IPv4 address that a routed packet is handed to."""
NEXT_HOP6 = XXREGS[3]
"""The IPv6 address that a routed packet is handed to; matched as its four registers."""
ADDRESS_WORDS = REGS[12:16]
"""The registers that NEXT_HOP6 and PEER_ADDRESS6 are made of; the last one holds an IPv4 address."""

# What the policy stages tell each other stands where nothing else is kept before SERVICE and after DESTINATION.
GUARD = REGS[8]
"""What guards the port that the packet comes from or is for, and the stage of it that is being tried; 0: nothing."""
ZONE = REGS[9]
"""The port's own conntrack zone; 0: its packets are not tracked."""
REALM = REGS[6]
"""The realm in which the peer's address is looked up, as a VNI."""
PEER = REGS[7]
"""The identity of the machine at the other end, 0 for everybody else."""
PORTS = REGS[10]
"""What the packet asks for: the IP protocol above 16 bits of destination port, or of ICMP type and code."""
SOURCE_PORT = REGS[4]
"""The source port."""
RULE = REGS[6]
"""The rule that decided, its action in the low two bits (``controller.policy.numbers``)."""
PEER_ADDRESS = REGS[15]
"""The IPv4 address of the other end."""
PEER_ADDRESS6 = XXREGS[3]
"""The IPv6 address of the other end; matched as its four registers."""

# What steering tells stands where nothing else is kept once a packet's destination is known.
TOWARDS = REGS[2]
"""Where VIA is not LOCALLY: the number of the chassis, or of the track, that the packet is for."""
AIM = REGS[7]
"""The identity of the machine that the packet is for; of what leaves by a router it is that one's number."""
COURSE = REGS[4]
"""Which path policy or service chain the packet follows; 0: none."""
HANDOVER = REGS[9]
"""The port of the chassis TOWARDS names at which a middlebox gets the packet."""
ENTROPY = REGS[10]
"""In its low bits a hash of the connection, by which bridges share traffic out over equal ways."""

FROM_PORT, FROM_TUNNEL, FROM_SEGMENT, FROM_HOST, FROM_ROUTER = range(5)
ELSEWHERE_BITS = 3
"""Of ORIGIN: none of them is set in what comes from a port or a router, and may go to another chassis."""
OUTSIDE_BIT = 2
"""Of ORIGIN: set in what comes from a segment or from the host, for which nothing is open that was not opened."""
LOCALLY = 0
VIA_TUNNEL = {"vxlan": 1, "geneve": 2, "gre": 3}
VIA_SEGMENT = 4
VIA_FABRIC, VIA_TRACK, VIA_CHAIN = 5, 6, 7
"""By the links between bridges: to a chassis, along a track, or to a middlebox at a chassis."""
VIA_EXIT = 12
"""By a router whose exit is here."""
ENTROPY_BITS = 8
RETURNED, PICKED = 1 << 31, 1 << 30
"""Of COURSE: the packet comes back from a middlebox; which instance of its next step gets it has been picked."""
COURSE_AT, ANSWERS, LAST_STEP = 8, 1 << 7, (1 << 7) - 1
"""Where the number of a course begins in COURSE; that packets are answers; the steps that a packet may have passed."""
ANY_STEP = (PICKED - 1) & ~LAST_STEP
"""The bits of COURSE that stay the same from step to step."""
TELLING = "geneve"
"""The encapsulation that carries SENDER."""
DELIVERY, QUESTION = 0, 1
HOP_BITS = 8
PROTOCOL_AT = 16
"""Where in PORTS the protocol begins."""

DHCP, DHCP6, SOLICITATION, DNS, EXPIRED, TOO_LARGE, UNRESOLVED, HEARD, PROBE, EXHAUSTED, REJECTED, LOGGED, PROBED = (
    range(1, 14)
)
"""The reasons in PUNT: a client's DHCP, a router solicitation, a question about names; a packet whose TTL ended, that
is too large, or whose next hop has no MAC; what a machine outside says of its MAC; a port that looks whether an
address is free; a connection for which its router has no port left; what a rule refuses by an answer; what one logs;
a probe of links."""

REGISTERS = {
    "NETWORK": NETWORK,
    "ORIGIN": ORIGIN,
    "OUT_PORT": OUT_PORT,
    "VIA": VIA,
    "PART": PART,
    "LOOKUP": LOOKUP,
    "SCRATCH": SCRATCH,
    "ROUTER": ROUTER,
    "ANSWER_MAC": ANSWER_MAC,
    "PUNT": PUNT,
    "SENDER": SENDER,
    "HOP": HOP,
    "NEXT_HOP": NEXT_HOP,
    "NEXT_HOP6": NEXT_HOP6,
    "GUARD": GUARD,
    "ZONE": ZONE,
    "REALM": REALM,
    "PEER": PEER,
    "PORTS": PORTS,
    "SOURCE_PORT": SOURCE_PORT,
    "RULE": RULE,
    "PEER_ADDRESS": PEER_ADDRESS,
    "PEER_ADDRESS6": PEER_ADDRESS6,
    "TOWARDS": TOWARDS,
    "AIM": AIM,
    "COURSE": COURSE,
    "HANDOVER": HANDOVER,
    "ENTROPY": ENTROPY,
}
_WORD = 0xFFFFFFFF


def course(number: int, *, answers: bool = False, step: int = 0) -> int:
    """What COURSE says of packets that follow a course, and have ``step`` steps of a service chain behind them."""
    return (RETURNED if step else 0) | number << COURSE_AT | (ANSWERS if answers else 0) | step


def held(cidr: str) -> Match:
    """What matches packets whose kept address, NEXT_HOP or PEER_ADDRESS, is in a block, or is this lone one."""
    span = matched(cidr)
    value, mask = integer(span.value), integer(span.mask)
    six = ":" in cidr
    match: Match = {ETH_TYPE: ETH_IPV6 if six else ETH_IP}
    for place in range(4 if six else 1):
        if word := mask >> 32 * place & _WORD:
            match[REGS[15 - place]] = Masked(value >> 32 * place & word, word)
    return match
