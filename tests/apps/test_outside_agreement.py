"""What random path policies and chains do to what leaves and comes in agrees with a few lines written from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.courses import SERVICE_CHAIN
from controller.entities import PortForward
from controller.links import PathPolicy, ServiceChain, Traffic
from controller.policy.values import ICMP, TCP, UDP, Block, Machines, Service
from tests.courses_oracle import Asked, End, spoken_of
from tests.interpreter import DataPlane
from tests.outward_worlds import BROWSERS, SEGMENT, SHOP, back, coming, out, outward_world
from tests.packets import answer, ping, tcp, udp
from tests.routed_worlds import EDGE_MAC, GATEWAY_MAC
from tests.steered_worlds import ANY_WAY, carried, instance
from tests.worlds import mac, with_more

if TYPE_CHECKING:
    from controller.policy.values import Peer
    from tests.outward_worlds import Trip
    from tests.packets import Packet

PORTS, OWN_PORTS = (5003, 5004, 7000), (5003, 5004, 5005)
"""Of servers, and of machines."""
MACHINES = {"web-3": (3, "browser"), "shop": (5, "shop")}
"""Number, and what it does: both are on hv1, so that they leave by another chassis."""
PEERS: tuple[Peer, ...] = (
    *(BROWSERS, SHOP, Machines(("acme",)), Block("10.0.0.2/31"), Block("10.9.0.0/16"), Block("0.0.0.0/0")),
    *(Block("203.0.113.0/24"), Block("198.18.0.0/15", ("198.18.0.0/24",)), Block("0.0.0.0/0", ("10.0.0.0/8",))),
)
SERVICES = (Service(UDP), Service(TCP, ((5004, 5004),)), Service(UDP, (), ((5000, 5004),)), Service(ICMP))
SERVERS = ("203.0.113.9", "198.18.0.1", "198.19.0.1")
FORWARDS = tuple(
    PortForward(f"acme/{name}-{kind}", "u", "acme/edge", kind, (at + 5003, at + 5005), f"acme/{name}", 5003)
    for name, at in (("web-3", 20000), ("shop", 30000))
    for kind in ("tcp", "udp")
)
"""From outside web-3's ports have 20000 added, the shop's 30000."""
PEER_LISTS = st.lists(st.sampled_from(PEERS), min_size=1, max_size=3).map(tuple)
TRAFFIC = st.builds(
    Traffic, PEER_LISTS, PEER_LISTS, st.lists(st.sampled_from(SERVICES), max_size=2, unique=True).map(tuple)
)
Sent = tuple[str, str, int, int, str]
"""A machine, a server outside, its port and the machine's, and the sort of packet."""
SENT = st.tuples(
    st.sampled_from(sorted(MACHINES)),
    st.sampled_from(SERVERS),
    st.sampled_from(PORTS),
    st.sampled_from(OWN_PORTS),
    st.sampled_from(["tcp", "udp", "ping"]),
)


@st.composite
def asked(draw: st.DrawFn) -> list[Asked]:
    """Up to three of them: policies that want a path or nothing, and find none, and chains through a middlebox each."""
    found: list[Asked] = []
    for name, box in zip("abc"[: draw(st.integers(1, 3))], ("fw", "ids", "dpi"), strict=False):
        traffic, priority = draw(TRAFFIC), draw(st.sampled_from([100, 500]))
        if draw(st.booleans()):
            found.append(PathPolicy(f"acme/{name}", name, "acme", traffic, ANY_WAY, "drop", priority))
            continue
        steps, symmetric = ((instance(box),),), draw(st.booleans())
        found.append(ServiceChain(f"acme/{name}", name, "acme", traffic, steps, symmetric, priority=priority))
    return found


def made(sent: Sent) -> Packet:
    """As a machine sends it."""
    name, server, there, here, kind = sent
    number = MACHINES[name][0]
    ends = (mac(number), EDGE_MAC, f"10.0.0.{number}", server)
    return ping(*ends) if kind == "ping" else {"tcp": tcp, "udp": udp}[kind](*ends, (here, there))


def called(sent: Sent) -> Packet:
    """As somebody outside sends it, to the router's address."""
    name, server, there, here, kind = sent
    at = {"web-3": 20000, "shop": 30000}[name] + here
    return {"tcp": tcp, "udp": udp}[kind](GATEWAY_MAC, EDGE_MAC, server, "192.0.2.10", (there, at))


def machine(sent: Sent) -> End:
    number, app = MACHINES[sent[0]]
    return End(f"acme/{sent[0]}", app, (f"10.0.0.{number}", f"fd00::{number}"))


def outside(sent: Sent) -> End:
    return End("", "", (sent[1], "::"))


def expected(everything: list[Asked], told: tuple[str, bool] | None, last: str) -> list[str]:
    """What a packet comes out of that something speaks of, or nothing does."""
    if told is None:
        return [last]
    kind, _, key = told[0].partition(":")
    if kind != SERVICE_CHAIN:
        return []
    ((one,),) = next(chain.steps for chain in everything if isinstance(chain, ServiceChain) and chain.key == key)
    return [(one.outward if told[1] else one.inward).removeprefix("acme/"), last]


def ours(trip: Trip) -> list[str]:
    return [name for name in trip.names if name != SEGMENT]


@given(asked(), st.lists(SENT, min_size=4, max_size=4, unique=True))
@settings(max_examples=25)
def test_what_leaves_and_what_comes_in_follows_what_speaks_of_it_first(
    everything: list[Asked], sent: list[Sent]
) -> None:
    plane = DataPlane(with_more(outward_world(), *FORWARDS, *everything))
    assert plane.compiler.bugs == []
    for one in sent:
        plane.forget()
        packet, last = made(one), one[0]
        told = spoken_of(everything, machine(one), outside(one), packet)
        there = out(plane, f"acme/{last}", packet)
        assert there.names == expected(everything, told, SEGMENT)
        heard = spoken_of(everything, outside(one), machine(one), answer(packet))
        if SEGMENT in there.names:
            assert ours(back(plane, there.packets[-1])) == expected(everything, heard, last)
        if one[-1] != "ping":
            here = coming(plane, called(one))
            assert ours(here) == expected(everything, heard, last)
            if last in here.names:
                assert out(plane, f"acme/{last}", answer(carried(here.packets[-1]))).names == there.names
