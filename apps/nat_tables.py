"""The tables of translation: what becomes of addresses and ports at a router's exit.

``apps/pipeline.py`` has the other tables, and the order in which packets meet them.
"""

from __future__ import annotations

from apps import registers as r
from controller.flow import fields as f
from controller.tables import Table

IPS = (f.ETH_TYPE, f.IPV4_SRC, f.IPV4_DST, f.IPV6_SRC, f.IPV6_DST)
PORTS = (f.IP_PROTO, f.TCP_SRC, f.TCP_DST, f.UDP_SRC, f.UDP_DST)
"""The fields by which packets are told apart by their addresses, and by their ports."""

UN_SNAT = Table(
    13,
    "UN_SNAT",
    "Is it an answer to a connection whose source was translated?",
    {"router": 100},
    (r.ROUTER, f.ETH_TYPE),
    leads_to=("UN_DNAT",),
)
UN_DNAT = Table(
    14,
    "UN_DNAT",
    "Is it of a connection whose destination was translated?",
    {"related": 300, "known": 200, "other": 100},
    (r.ROUTER, r.ORIGIN, f.ETH_TYPE, f.IP_PROTO, f.CT_STATE),
    sets=(r.ORIGIN,),
    leads_to=("DNAT",),
)
DNAT = Table(
    15,
    "DNAT",
    "Is a new connection for an address or port that stands for another? Strangers pass for nothing else.",
    {"spoofed": 500, "floating": 450, "forward": 400, "echo": 300, "host": 250, "stranger": 200, "other": 100},
    (r.ROUTER, r.ORIGIN, *IPS, *PORTS, f.ICMP_TYPE, f.ICMPV6_TYPE, f.CT_STATE),
    sets=(f.CT_MARK,),
    leads_to=("ECHO", "ROUTE"),
)
SNAT = Table(
    21,
    "SNAT",
    "Does the source get another address on its way out?",
    {"invalid": 500, "floating": 400, "helper": 350, "source": 300, "hairpin": 250, "other": 100},
    (r.ROUTER, r.NETWORK, *IPS, *PORTS, f.CT_MARK, f.CT_STATE),
    sets=(f.ETH_SRC,),
    leads_to=("DESTINATION",),
)
NAT_TABLES = (UN_SNAT, UN_DNAT, DNAT, SNAT)
