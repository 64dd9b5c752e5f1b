"""Which path policy or service chain a packet follows: our flows agree with a few lines written from what is asked."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from apps import registers as r
from controller.courses import PATH_POLICY, SERVICE_CHAIN, Precedence
from controller.flow import fields as f
from controller.links import PathPolicy, ServiceChain, Traffic
from controller.policy.values import ICMP, TCP, UDP, Block, Machines, Requirement, Service
from tests.compiled import compiled
from tests.interpreter import DataPlane
from tests.packets import ping, tcp, udp
from tests.steered_worlds import ANY_WAY, DOES, MACHINES, does, fabric, instance
from tests.worlds import mac, with_more

if TYPE_CHECKING:
    from controller.policy.values import Peer
    from tests.packets import Packet

Asked = PathPolicy | ServiceChain
PORTS = (5003, 5004, 5005, 7000)
PEERS: tuple[Peer, ...] = (
    *(does("cam"), does("nvr"), does("cam", "other"), Machines(("acme",)), Machines(("acme",), ports=("acme/far",))),
    Machines(("acme",), labels=(Requirement("app", "NotIn", ("nvr",)),)),
    *(Block("10.0.0.2/31"), Block("10.0.0.0/29", ("10.0.0.4/32",)), Block("fd00::/126"), Block("10.9.0.0/16")),
)
SERVICES = (
    *(Service(UDP), Service(TCP, ((5004, 5004),)), Service(UDP, ((5004, 5005),)), Service(UDP, (), ((5000, 5004),))),
    *(Service(ICMP), Service(ICMP, ((0x0800, 0x08FF),)), Service(UDP, ((0, 0xFFFF),)), Service(TCP, ((4096, 8191),))),
)
TRAFFIC = st.builds(
    Traffic,
    st.lists(st.sampled_from(PEERS), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(PEERS), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(SERVICES), max_size=3, unique=True).map(tuple),
)
PAIRS = st.sampled_from([(one, other) for one in MACHINES for other in MACHINES if one != other])


@st.composite
def asked(draw: st.DrawFn) -> list[Asked]:
    """Up to four of them, the chains through a middlebox each."""
    found: list[Asked] = []
    for name, box in zip("abcd"[: draw(st.integers(1, 4))], ("fw", "ids", "dpi", "fw2"), strict=False):
        traffic, priority = draw(TRAFFIC), draw(st.sampled_from([100, 500]))
        if draw(st.booleans()):
            found.append(PathPolicy(f"acme/{name}", name, "acme", traffic, ANY_WAY, priority=priority))
            continue
        steps, symmetric = ((instance(box),),), draw(st.booleans())
        found.append(ServiceChain(f"acme/{name}", name, "acme", traffic, steps, symmetric, priority=priority))
    return found


@st.composite
def packets(draw: st.DrawFn) -> tuple[str, str, Packet]:
    """Who sends it to whom, and what it is."""
    sender, target = draw(PAIRS)
    (one, _), (other, _) = MACHINES[sender], MACHINES[target]
    form = draw(st.sampled_from(["10.0.0.{}", "fd00::{}"]))
    ends = (mac(one), mac(other), form.format(one), form.format(other))
    ports = (draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS)))
    made = draw(st.sampled_from([udp(*ends, ports), tcp(*ends, ports), ping(*ends)]))
    return sender, target, made


def spoken_of(everything: list[Asked], sender: str, target: str, packet: Packet) -> tuple[str, bool] | None:
    """The first that speaks of a packet, with whether it takes it for an answer."""
    for one in sorted(everything, key=lambda one: (isinstance(one, PathPolicy), one.priority, one.key)):
        kind = PATH_POLICY if isinstance(one, PathPolicy) else SERVICE_CHAIN
        traffic = one.traffic
        if between(traffic, sender, target, packet) and serves(traffic, packet):
            return f"{kind}:{one.key}", False
        symmetric = isinstance(one, ServiceChain) and one.symmetric
        if symmetric and between(traffic, target, sender, packet) and answers(traffic, packet):
            return f"{kind}:{one.key}", True
    return None


def between(traffic: Traffic, sender: str, target: str, packet: Packet) -> bool:
    """Whether it is spoken of who sends to whom."""
    return is_one_of(traffic.sources, sender, packet) and is_one_of(traffic.targets, target, packet)


def is_one_of(peers: tuple[Peer, ...] | None, name: str, packet: Packet) -> bool:
    """Whether a machine is among these, by what it is or by the address that the packet has of it."""
    return any(_is(peer, name, 6 if f.IPV6_SRC in packet else 4) for peer in peers or ())


def _is(peer: Peer, name: str, version: int) -> bool:
    number, app = MACHINES[name][0], DOES[name]
    match peer:
        case Machines():
            labels = [app in one.values if one.operator == "In" else app not in one.values for one in peer.labels]
            return all(labels) and (not peer.ports or f"acme/{name}" in peer.ports)
        case Block():
            holes = [ip_network(hole) for hole in peer.excepts]
            own = ip_address(f"fd00::{number}" if version == 6 else f"10.0.0.{number}")
            return own in ip_network(peer.cidr) and not any(own in hole for hole in holes)
    raise AssertionError


def serves(traffic: Traffic, packet: Packet) -> bool:
    """Whether a packet asks for one of the services."""
    return not traffic.services or any(_asks(service, packet) for service in traffic.services)


def answers(traffic: Traffic, packet: Packet) -> bool:
    """Whether it is one that is sent back."""
    if packet[f.IP_PROTO] == ICMP and packet.get(f.ICMP_TYPE) == 8:
        return any(service.protocol == ICMP and not service.ports for service in traffic.services) or (
            not traffic.services
        )
    turned = dict(packet)
    for one, other in ((f.UDP_SRC, f.UDP_DST), (f.TCP_SRC, f.TCP_DST)):
        if one in packet:
            turned[one], turned[other] = packet[other], packet[one]
    return serves(traffic, turned)


def _asks(service: Service, packet: Packet) -> bool:
    if packet[f.IP_PROTO] != service.protocol:
        return False
    if service.protocol == ICMP:
        return _within(service.ports, packet[f.ICMP_TYPE] << 8)
    target, source = (f.UDP_DST, f.UDP_SRC) if service.protocol == UDP else (f.TCP_DST, f.TCP_SRC)
    return _within(service.ports, packet[target]) and _within(service.sources, packet[source])


def _within(ranges: tuple[tuple[int, int], ...], value: int) -> bool:
    return not ranges or any(low <= value <= high for low, high in ranges)


@given(asked(), st.lists(packets(), min_size=8, max_size=8))
@settings(max_examples=40)
def test_a_packet_follows_what_speaks_of_it_first(everything: list[Asked], sent: list[tuple[str, str, Packet]]) -> None:
    world = with_more(fabric(), *everything)
    known = compiled(world)
    assert known.bugs == []
    found = [known.store.get(Precedence, key) for key in known.store.keys(Precedence)]
    keys = {one.number: one.key for one in found if one is not None}
    plane = DataPlane(world)
    for sender, target, packet in sent:
        course = plane.sent_by(f"acme/{sender}", packet).walks[0][1].read(r.COURSE)
        told = (keys[course >> r.COURSE_AT & 0x3FFFFF], bool(course & r.ANSWERS)) if course else None
        assert told == spoken_of(everything, sender, target, packet), (sender, target, packet)
