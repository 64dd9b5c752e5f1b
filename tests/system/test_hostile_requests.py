"""Whatever is sent to the REST interface: a clear answer, nothing changed, no packet lost, nobody kept waiting."""

from __future__ import annotations

import json
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from mininet_scenarios import tenants
from mininet_scenarios.probe import SteadyPing, ping
from mininet_scenarios.rest import Refused
from mininet_scenarios.tenants import Guest
from tests.system.calm import latency, patient, undisturbed
from tests.system.raw_http import address, request, status, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm

pytestmark = pytest.mark.system
TENANT = "calm"
MANY = 10_000
WRONG = 7_777
CLIENTS = 50


def port(name: str = "p", **spec: Any) -> dict[str, Any]:
    """A port of the tenant's network."""
    return {"kind": "Port", "project": TENANT, "name": name, "spec": {"network": tenants.NETWORK, **spec}}


def network(name: str = "n", **spec: Any) -> dict[str, Any]:
    """A network of the tenant."""
    return {"kind": "Network", "project": TENANT, "name": name, "spec": {"mode": "overlay", **spec}}


def subnet(cidr: str, **more: Any) -> dict[str, Any]:
    """A subnet."""
    return {"name": f"s{cidr[:4].replace('.', '-')}", "cidr": cidr, **more}


REFUSED: dict[str, tuple[list[Any], str]] = {
    "a number for a name": ([port(network=7)], "/0/spec/network"),
    "a text for a flag": ([port(admin_up="yes")], "/0/spec/admin_up"),
    "a flag for a number": ([network(vni=True)], "/0/spec/vni"),
    "an object for a list": ([port(addresses={})], "/0/spec/addresses"),
    "an unknown field": ([port(netwrok="x")], "/0/spec/netwrok"),
    "an unknown kind": ([{"kind": "Prot", "name": "p", "spec": {}}], "/0/kind"),
    "no spec": ([{"kind": "Port", "project": TENANT, "name": "p"}], "/0/spec"),
    "a name in capitals": ([port("Web")], "/0/name"),
    "a name of a path": ([port("../../etc")], "/0/name"),
    "a VNI of 25 bits": ([network(vni=1 << 24)], "/0/spec/vni"),
    "an MTU below zero": ([network(mtu=-1)], "/0/spec/mtu"),
    "a group's MAC": ([port(mac="01:00:5e:00:00:01")], "/0/spec/mac"),
    "an address outside": ([port(addresses=["192.0.2.1"])], "/0/spec/addresses/0"),
    "an address of another": ([port(addresses=["10.0.0.1"])], "/0/spec/addresses/0"),
    "a network's own address": ([port(addresses=["10.0.0.0"])], "/0/spec/addresses/0"),
    "subnets that overlap": (
        [network(subnets=[subnet("10.1.0.0/16"), subnet("10.10.0.0/24"), {"name": "x", "cidr": "10.1.9.0/24"}])],
        "/0/spec/subnets/2/cidr",
    ),
    "a block with host bits": ([network(subnets=[subnet("10.1.0.1/24")])], "/0/spec/subnets/0/cidr"),
    "a gateway outside": ([network(subnets=[subnet("10.1.0.0/24", gateway="10.2.0.1")])], "/0/spec/subnets/0/gateway"),
    "the same twice": ([port("p"), port("p")], "/1/name"),
    "a project that is not there": ([{**port(), "project": "nowhere"}], "/0/project"),
    "one wrong among right ones": ([port("a"), port("b"), port("c", mac="x")], "/2/spec/mac"),
}
BODIES: dict[str, tuple[str, bytes, int]] = {
    "broken JSON": ("application/json", b'[{"kind":', 400),
    "no JSON at all": ("application/json", b"\xff\xfe\x00", 400),
    "a key twice": ("application/json", b'[{"kind":"Project","kind":"Project","name":"x","spec":{}}]', 400),
    "a number that is none": ("application/json", b'[{"kind":"Project","name":"x","spec":{"quotas":NaN}}]', 400),
    "a number of a million digits": ("application/json", b"[" + b"9" * 1_000_000 + b"]", 400),
    "deep JSON": ("application/json", b"[" * 500_000 + b"]" * 500_000, 400),
    "half a surrogate": ("application/json", b'[{"kind":"Project","name":"\\ud800","spec":{}}]', 422),
    "broken YAML": ("application/yaml", b"kind: [", 400),
    "a YAML bomb": (
        "application/yaml",
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((n, n) + (n - 1,) * 6) for n in range(98, 123)),
        400,
    ),
    "deep YAML": ("application/yaml", b"[" * 100_000, 400),
    "a YAML tag": ("application/yaml", b"!!python/object/apply:os.system [id]", 400),
    "broken msgpack": ("application/msgpack", b"\xdd\xff\xff\xff\xff", 400),
    "deep msgpack": ("application/msgpack", b"\x91" * 500_000 + b"\xc0", 400),
    "a text where documents should be": ("application/json", b'"all"', 400),
    "a form": ("application/x-www-form-urlencoded", b"kind=Project", 415),
}


@pytest.fixture(scope="session")
def vms(lab: Lab) -> list[Vm]:
    """Two machines of a tenant, on different hosts, as long as the lab: a worker may come back to this module."""
    hosts = list(lab.hypervisors.values())
    guests = Guest("a", hosts[0], 1), Guest("b", hosts[1], 2)
    tenants.ask(lab.client, TENANT, *guests)
    made = tenants.boot(lab, TENANT, *guests)
    tenants.wait_ready(lab.client, TENANT, "a", "b")
    return made


@pytest.fixture(scope="module", autouse=True)
def traffic(vms: list[Vm]) -> Iterator[None]:
    """A ping every two milliseconds, of which nothing may be lost, whatever is sent to the daemon."""
    assert ping(vms[0], vms[1].ipv4)  # Open vSwitch itself drops what asks first for its tunnel's neighbour
    steady = SteadyPing(vms[0], vms[1].ipv4)
    yield
    steady.more(100)
    seen = steady.stop()
    assert seen.lost == 0, seen


@pytest.mark.parametrize(("documents", "pointer"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_named_and_nothing_is_changed(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], documents: list[Any], pointer: str
) -> None:
    with undisturbed(daemon, hosts), pytest.raises(Refused) as refused:
        daemon.rest.apply(*documents)
    assert refused.value.status in {400, 404, 409, 422}
    assert pointer in [error["pointer"] for error in refused.value.problem["errors"]], refused.value


@pytest.mark.parametrize(("kind", "body", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_read(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], kind: str, body: bytes, expected: int
) -> None:
    with undisturbed(daemon, hosts):
        answer = told(daemon, request(daemon, "POST /v1/apply", body, Content_Type=kind))
        assert status(answer) == expected, answer[:500]
        assert b"application/problem+json" in answer


def test_a_body_beyond_the_limit_is_not_read(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    with undisturbed(daemon, hosts):
        head = request(daemon, "POST /v1/apply", Content_Type="application/json", Content_Length=str(1 << 40))
        assert status(told(daemon, head, b" " * 100_000)) == 413


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /v1/apply HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/apply HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    ],
    ids=["noise", "version", "no path", "length", "chunk", "path", "headers"],
)
def test_rubbish_after_a_good_request_ends_that_connection(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], rubbish: bytes
) -> None:
    with undisturbed(daemon, hosts):
        answer = told(daemon, request(daemon, "GET /v1/projects") + rubbish)
        assert status(answer) == 200
        assert b" 500 " not in answer


def test_half_sent_requests_keep_nobody_waiting(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    head = request(daemon, "POST /v1/apply", Content_Type="application/json", Content_Length="100")
    with undisturbed(daemon, hosts), ExitStack() as held:
        for number in range(300):
            peer = held.enter_context(socket.create_connection(address(daemon), 5))
            peer.sendall((head + b"[", head[:40], b"")[number % 3])
        assert patient(daemon)
        daemon.rest.call("PUT", f"/projects/{TENANT}/ports/passing", {"spec": {"network": tenants.NETWORK}}, seconds=5)
        daemon.rest.delete(f"/projects/{TENANT}/ports/passing")


def test_clients_that_reset_their_connections_are_not_missed(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    with undisturbed(daemon, hosts):
        for number in range(100):
            with socket.create_connection(address(daemon), 5) as peer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.sendall(request(daemon, "GET /v1/flows") * (number % 4) + b"GET")


def test_one_wrong_port_of_ten_thousand_is_found(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    documents = [port(f"p{number}") for number in range(MANY)]
    documents[WRONG]["spec"]["mac"] = "02:00:00:00:00"
    with undisturbed(daemon, hosts), ThreadPoolExecutor(1) as pool:
        applied = pool.submit(refusal, lambda: daemon.rest.apply(*documents))
        slowest = 0.0
        while not applied.done():
            slowest = max(slowest, latency(daemon))
        assert slowest < 1.0
        refused = applied.result()
    assert refused.status == 422
    assert [error["pointer"] for error in refused.problem["errors"]] == [f"/{WRONG}/spec/mac"]


@pytest.mark.parametrize(
    "rivals",
    [
        [port(f"r{number}", addresses=["10.0.0.200"]) for number in range(8)],
        [port(f"r{number}", mac="02:00:00:00:0f:01", addresses=[]) for number in range(8)],
        [network(f"r{number}", vni=424242) for number in range(8)],
    ],
    ids=["address", "MAC", "VNI"],
)
def test_of_many_who_want_the_same_exactly_one_gets_it(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], rivals: list[dict[str, Any]]
) -> None:
    with undisturbed(daemon, hosts):
        with ThreadPoolExecutor(len(rivals)) as pool:
            answers = list(pool.map(lambda rival: attempt(lambda: daemon.rest.apply(rival, wait=0)), rivals))
        kinds = "networks" if rivals[0]["kind"] == "Network" else "ports"
        standing = [one["name"] for one in daemon.rest.get(f"/projects/{TENANT}/{kinds}")["items"]]
        won = [rival["name"] for rival, answer in zip(rivals, answers, strict=True) if answer == 200]
        assert sorted(answers) == [200] + [409] * (len(rivals) - 1)
        assert [name for name in standing if name.startswith("r")] == won
        daemon.rest.delete(f"/projects/{TENANT}/{kinds}/{won[0]}")


def test_of_many_who_saw_the_same_revision_exactly_one_writes(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    path = f"/v1/projects/{TENANT}/ports/shared"
    with undisturbed(daemon, hosts):
        revision = daemon.rest.call("PUT", path.removeprefix("/v1"), {"spec": {"network": tenants.NETWORK}})["revision"]
        bodies = [
            json.dumps({"labels": {"by": str(n)}, "spec": {"network": tenants.NETWORK}}).encode() for n in range(16)
        ]
        with ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(
                pool.map(lambda body: status(told(daemon, conditional(daemon, path, revision, body))), bodies)
            )
        assert sorted(answers) == [200] + [412] * (len(bodies) - 1)
        daemon.rest.delete(path.removeprefix("/v1"))


def test_fifty_clients_at_once(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    with undisturbed(daemon, hosts), ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(lambda number: visit(daemon, number), range(CLIENTS))) == [True] * CLIENTS


def conditional(daemon: Daemon, path: str, revision: int, body: bytes) -> bytes:
    """A PUT that holds only for a revision."""
    headers = {"Content_Type": "application/json", "If_Match": str(revision), "Connection": "close"}
    return request(daemon, f"PUT {path}", body, **headers)


def visit(daemon: Daemon, number: int) -> bool:
    """Make, read, change, and delete some ports, as one client of many."""
    client = daemon.rest
    for step in range(5):
        path = f"/projects/{TENANT}/ports/c{number}-{step}"
        made = client.call("PUT", path, {"spec": {"network": tenants.NETWORK}})
        assert client.get(path)["uid"] == made["uid"]
        client.call("PATCH", path, {"labels": {"step": str(step)}})
        client.delete(path)
    return True


def attempt(ask: Callable[[], Any]) -> int:
    """The status of what was asked."""
    try:
        ask()
    except Refused as refused:
        return refused.status
    return 200


def refusal(ask: Callable[[], Any]) -> Refused:
    """How what was asked is refused."""
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value


def test_the_tenant_is_as_it_was(daemon: Daemon) -> None:
    assert {one["name"] for one in daemon.rest.get(f"/projects/{TENANT}/ports")["items"]} == {"a", "b"}
