"""Which path policy or service chain a packet follows: our flows agree with a few lines written from what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from apps import registers as r
from controller.courses import Precedence
from controller.links import PathPolicy, ServiceChain, Traffic
from controller.policy.values import ICMP, TCP, UDP, Block, Machines, Requirement, Service
from tests.courses_oracle import Asked, End, spoken_of
from tests.interpreter import DataPlane
from tests.packets import ping, tcp, udp
from tests.steered_worlds import ANY_WAY, DOES, MACHINES, does, fabric, instance
from tests.worlds import mac, with_more

if TYPE_CHECKING:
    from controller.policy.values import Peer
    from tests.packets import Packet

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


def end(name: str) -> End:
    """A machine as the oracle has it."""
    number = MACHINES[name][0]
    return End(f"acme/{name}", DOES[name], (f"10.0.0.{number}", f"fd00::{number}"))


@given(asked(), st.lists(packets(), min_size=8, max_size=8))
@settings(max_examples=40)
def test_a_packet_follows_what_speaks_of_it_first(everything: list[Asked], sent: list[tuple[str, str, Packet]]) -> None:
    plane = DataPlane(with_more(fabric(), *everything))
    known = plane.compiler
    assert known.bugs == []
    found = [known.store.get(Precedence, key) for key in known.store.keys(Precedence)]
    keys = {one.number: one.key for one in found if one is not None}
    for sender, target, packet in sent:
        course = plane.sent_by(f"acme/{sender}", packet).walks[0][1].read(r.COURSE)
        told = (keys[course >> r.COURSE_AT & 0x3FFFFF], bool(course & r.ANSWERS)) if course else None
        assert told == spoken_of(everything, end(sender), end(target), packet), (sender, target, packet)
