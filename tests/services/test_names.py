"""Names as machines ask for them, by dnspython; what the network does not know goes to a resolver outside."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from controller import forwarder
from controller.forwarder import MOST_OF_ONE, Forwarder, system_resolvers
from controller.services import names
from controller.services.outcome import DNS, Emission, Ignored, Question
from tests.services.town import NOW, ROUTER_MAC, emissions, facts, mac, port, punt, udp
from tests.worlds import plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from controller.services.outcome import Outcome
    from controller.store import Store

GATEWAYS = {"acme/web-1": "10.1.0.1", "beta/web-1": "10.1.0.1", "acme/home-1": "10.3.0.1", "beta/guest": "10.1.0.1"}
NUMBERS = {"acme/web-1": 1, "beta/web-1": 1, "acme/home-1": 6, "beta/guest": 9}


@pytest.fixture(scope="module")
def known() -> Store:
    return facts()


def query(name: str, kind: str = "A") -> bytes:
    return dns.message.make_query(name, kind, id=77).to_wire()


def frame(of: str, wire: bytes, to: str | None = None) -> bytes:
    ether = Ether(src=mac(NUMBERS[of]), dst=ROUTER_MAC)
    return bytes(ether / IP(src="10.1.0.10", dst=to or GATEWAYS[of]) / UDP(sport=4444, dport=53) / wire)


def asked(known: Store, of: str, wire: bytes, to: str | None = None) -> list[Outcome]:
    return list(names.answer(punt(of, DNS, frame(of, wire, to)), known, NOW))


def answer(outcomes: list[Outcome]) -> dns.message.Message:
    (emission,) = emissions(outcomes)
    return dns.message.from_wire(udp(emission)[2].payload)


def told(known: Store, of: str, name: str, kind: str = "A") -> tuple[str, list[str]]:
    """How the network itself answers, and with what."""
    found = answer(asked(known, of, query(name, kind)))
    assert found.id == 77
    assert found.flags & dns.flags.AA
    return dns.rcode.to_text(found.rcode()), sorted(item.to_text() for rrset in found.answer for item in rrset)


def test_a_port_is_found_by_its_name_alone_and_within_its_networks_domain(known: Store) -> None:
    for name in ("web-2", "web-2.web.example", "WEB-2.Web.Example"):
        assert told(known, "acme/web-1", name) == ("NOERROR", ["10.1.0.11", "10.1.0.12"])
    assert told(known, "acme/web-1", "web-2", "AAAA") == ("NOERROR", ["fd00:2::11"])
    assert told(known, "acme/home-1", "home-1.home.acme.netloom.internal") == ("NOERROR", ["10.3.0.10"])


def test_every_subnet_of_a_network_brings_its_domain(known: Store) -> None:
    name = "web-2.web.acme.netloom.internal"
    assert told(known, "acme/web-1", name, "AAAA") == ("NOERROR", ["fd00:2::11"])


def test_a_known_name_has_no_other_records(known: Store) -> None:
    assert told(known, "acme/web-1", "web-2", "MX") == ("NOERROR", [])
    assert told(known, "acme/web-1", "web.example", "A") == ("NOERROR", [])


def test_addresses_lead_back_to_names(known: Store) -> None:
    assert told(known, "acme/web-1", "11.0.1.10.in-addr.arpa", "PTR") == ("NOERROR", ["web-2.web.example."])
    reverse = ".".join(reversed("fd000002000000000000000000000011")) + ".ip6.arpa"
    assert told(known, "acme/web-1", reverse, "PTR") == ("NOERROR", ["web-2.web.acme.netloom.internal."])
    assert told(known, "acme/web-1", "99.0.1.10.in-addr.arpa", "PTR") == ("NXDOMAIN", [])


def test_no_tenant_hears_of_anothers_names(known: Store) -> None:
    assert told(known, "beta/web-1", "web-2.web.acme.netloom.internal") == ("NXDOMAIN", [])
    assert told(known, "beta/web-1", "web-1") == ("NOERROR", ["10.1.0.10"])
    assert isinstance(asked(known, "beta/web-1", query("web-2"))[0], Question)


def test_on_a_shared_network_each_tenant_hears_its_own_names() -> None:
    """A guest of beta stands on a network of acme."""
    known = facts(port("beta/guest", "acme/web", 9, "10.1.0.14"), plugged("beta/guest", "hv1", 9))
    assert told(known, "beta/guest", "guest") == ("NOERROR", ["10.1.0.14"])
    assert told(known, "beta/guest", "14.0.1.10.in-addr.arpa", "PTR") == ("NOERROR", ["guest.web.example."])
    assert told(known, "beta/guest", "web-2.web.acme.netloom.internal") == ("NXDOMAIN", [])
    assert told(known, "beta/guest", "11.0.1.10.in-addr.arpa", "PTR") == ("NXDOMAIN", [])
    assert told(known, "acme/web-1", "14.0.1.10.in-addr.arpa", "PTR") == ("NXDOMAIN", [])
    assert isinstance(asked(known, "acme/web-1", query("guest"))[0], Question)


def test_ports_of_other_networks_have_no_names_here(known: Store) -> None:
    assert isinstance(asked(known, "acme/web-1", query("home-1"))[0], Question)


def test_the_rest_is_for_resolvers_outside(known: Store) -> None:
    for name, kind in (("example.com", "A"), ("www.web.example", "A"), ("1.2.0.192.in-addr.arpa", "PTR")):
        (question,) = asked(known, "acme/web-1", query(name, kind))
        assert isinstance(question, Question)
        assert (question.source, question.wire) == ("acme/web-1", query(name, kind))


def test_the_answer_comes_from_the_address_that_was_asked(known: Store) -> None:
    (emission,) = emissions(asked(known, "acme/web-1", query("web-2")))
    ether, packet, datagram = udp(emission)
    assert (ether.src, ether.dst) == (ROUTER_MAC, mac(1))
    assert (packet.src, packet.dst) == ("10.1.0.1", "10.1.0.10")
    assert (datagram.sport, datagram.dport) == (53, 4444)


def test_ipv6_is_answered_alike(known: Store) -> None:
    ether = Ether(src=mac(1), dst=ROUTER_MAC) / IPv6(src="fd00:1::ff:fe00:1", dst="fd00:1::1")
    sent = bytes(ether / UDP(sport=4444, dport=53) / query("web-2"))
    (emission,) = emissions(names.answer(punt("acme/web-1", DNS, sent), known, NOW))
    assert UDP in Ether(emission.frame)
    assert udp(emission)[1].src == "fd00:1::1"


def test_only_the_resolvers_address_answers(known: Store) -> None:
    assert asked(known, "acme/web-1", query("web-2"), to="10.1.0.2") == [Ignored("unserved")]


def test_an_answer_that_is_too_large_says_so() -> None:
    large = dns.message.make_response(dns.message.from_wire(query("a.example", "TXT")))
    text = " ".join(['"' + "x" * 250 + '"'] * 8)
    large.answer.append(dns.rrset.from_text("a.example.", 60, "IN", "TXT", text))
    cut = dns.message.from_wire(names.truncated(large.to_wire()))
    assert cut.flags & dns.flags.TC
    assert cut.id == 77
    assert cut.question == large.question
    assert cut.answer == []


@given(st.binary(max_size=300))
def test_no_bytes_raise(known: Store, noise: bytes) -> None:
    list(names.answer(punt("acme/web-1", DNS, noise), known, NOW))
    for outcome in asked(known, "acme/web-1", noise):
        if isinstance(outcome, Question):
            names.refused(outcome.wire, dns.rcode.SERVFAIL)
    for start in (2, 12, 20):
        asked(known, "acme/web-1", query("web-2.web.example")[:start] + noise)


@given(st.binary(min_size=12, max_size=1500))
def test_no_answer_from_outside_raises_when_it_is_cut(noise: bytes) -> None:
    assert len(names.truncated(noise)) >= 12


class Upstream:
    """A resolver outside: says ``answer`` to whatever it is asked, on a port of the loopback."""

    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        self.asked = 0
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            for answer in self._answer(wire):
                self.socket.sendto(answer, peer)


def right(wire: bytes) -> bytes:
    response = dns.message.make_response(dns.message.from_wire(wire))
    response.answer.append(dns.rrset.from_text("example.com.", 60, "IN", "A", "203.0.113.5"))
    return response.to_wire()


class Asker:
    """Questions of a port, and the answers that it got."""

    def __init__(self) -> None:
        self.answers: list[dns.message.Message] = []
        self._told = threading.Condition()

    def emit(self, emission: Emission) -> None:
        with self._told:
            self.answers.append(dns.message.from_wire(udp(emission)[2].payload))
            self._told.notify_all()

    def wait(self, count: int) -> list[dns.message.Message]:
        with self._told:
            assert self._told.wait_for(lambda: len(self.answers) >= count, 20)
        return self.answers


def spawn(function: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=function, args=arguments, daemon=True).start()


def question(known: Store, name: str = "example.com") -> Question:
    (found,) = asked(known, "acme/web-1", query(name))
    assert isinstance(found, Question)
    return found


@pytest.fixture
def upstreams() -> Iterator[list[Upstream]]:
    started: list[Upstream] = []
    yield started
    for each in started:
        each.socket.close()


def test_a_resolver_outside_is_asked_and_its_answer_handed_back(known: Store, upstreams: list[Upstream]) -> None:
    upstreams.append(Upstream(lambda wire: [right(wire)]))
    asker = Asker()
    Forwarder(("127.0.0.1",), spawn, asker.emit, upstreams[0].port).ask(question(known))
    (found,) = asker.wait(1)
    assert found.id == 77
    assert [item.to_text() for item in found.answer[0]] == ["203.0.113.5"]


def test_false_answers_are_passed_over(known: Store, upstreams: list[Upstream]) -> None:
    other = dns.message.make_response(dns.message.from_wire(query("evil.example"))).to_wire()
    upstreams.append(
        Upstream(lambda wire: [b"", b"\0" * 12, b"\0\0" + right(wire)[2:], wire[:2] + other[2:], right(wire)])
    )
    asker = Asker()
    Forwarder(("127.0.0.1",), spawn, asker.emit, upstreams[0].port).ask(question(known))
    (found,) = asker.wait(1)
    assert [item.to_text() for item in found.answer[0]] == ["203.0.113.5"]


def test_who_cannot_be_asked_is_said_to_have_failed(known: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "SECONDS", 0.05)
    asker = Asker()
    Forwarder((), spawn, asker.emit).ask(question(known))
    assert [found.rcode() for found in asker.answers] == [dns.rcode.REFUSED]
    closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.bind(("127.0.0.1", 0))
    Forwarder(("127.0.0.1",), spawn, asker.emit, closed.getsockname()[1]).ask(question(known))
    assert [found.rcode() for found in asker.wait(2)] == [dns.rcode.REFUSED, dns.rcode.SERVFAIL]
    closed.close()


def test_no_port_has_more_than_its_share_under_way(known: Store, upstreams: list[Upstream]) -> None:
    answering = threading.Event()

    def late(wire: bytes) -> list[bytes]:
        answering.wait(10)
        return [right(wire)]

    upstreams.append(Upstream(late))
    asker = Asker()
    busy = Forwarder(("127.0.0.1",), spawn, asker.emit, upstreams[0].port)
    for _ in range(MOST_OF_ONE + 5):
        busy.ask(question(known))
    assert busy.under_way == MOST_OF_ONE
    assert [found.rcode() for found in asker.answers] == [dns.rcode.SERVFAIL] * 5
    answering.set()
    assert len(asker.wait(MOST_OF_ONE + 5)) == MOST_OF_ONE + 5


def test_the_hosts_own_resolvers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# a comment\nsearch example\nnameserver 192.0.2.1\nnameserver\nnameserver 2001:db8::1\n")
    assert system_resolvers(path) == ("192.0.2.1", "2001:db8::1")
    assert system_resolvers(tmp_path / "missing") == ()
