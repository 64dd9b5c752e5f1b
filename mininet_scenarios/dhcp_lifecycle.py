"""The life of a lease with real clients: given, renewed, rebound, declined, given back, and found in the list.

Machines know nothing but their MACs. dhclient and udhcpc ask; what a port was promised is what its machine gets, and no
machine that plays DHCP server is heard by another.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mininet_scenarios import clients, dhcp, rest, rogue, routers, servers
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import ping, unreached
from mininet_scenarios.story import play
from mininet_scenarios.vm import MTU, Nic
from mininet_scenarios.wire import Wire

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.machine import Machine
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANTS = ("acme", "globex")
NUMBER, RESERVED = 81, 20
LEASE = 10  # seconds, the shortest there is: renewal is due after half of it, rebinding after seven eighths
EVERYBODY = "255.255.255.255"
DOMAIN, ZONE = "shop.example.test", "netloom.internal"
UPSTREAM = {"www.example.test": "203.0.113.10"}
DHCP: dict[str, Any] = {
    "enabled": True,
    "ranges": [f"10.{NUMBER}.0.100-10.{NUMBER}.0.150"],
    "lease": LEASE,
    "domain": DOMAIN,
    "search": [DOMAIN, "example.test"],
    "ntp": [f"10.{NUMBER}.0.123"],
    "routes": [{"to": "10.9.0.0/16", "via": f"10.{NUMBER}.0.7"}],
}
TOLD = {
    "subnet-mask (1)": ("new_subnet_mask", "255.255.255.0"),
    "routers (3)": ("new_routers", f"10.{NUMBER}.0.1"),
    "domain-name-servers (6)": ("new_domain_name_servers", f"10.{NUMBER}.0.1"),
    "domain-name (15)": ("new_domain_name", DOMAIN),
    "interface-mtu (26)": ("new_interface_mtu", str(MTU)),
    "ntp-servers (42)": ("new_ntp_servers", f"10.{NUMBER}.0.123"),
    "lease-time (51)": ("new_dhcp_lease_time", str(LEASE)),
    "domain-search (119)": ("new_domain_search", f"{DOMAIN}. example.test."),
    "classless-routes (121)": (
        "new_rfc3442_classless_static_routes",
        f"16 10 9 10 {NUMBER} 0 7 0 10 {NUMBER} 0 1",
    ),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """Machines of acme: auto has whatever it gets, kept a reserved address, rogue plays server; globex has a twin."""

    auto: Vm
    kept: Vm
    rogue: Vm
    twin: Vm
    lonely: Vm


@dataclass(slots=True)
class Resolver:
    """A machine that the daemon reaches and no guest does."""

    name: str
    machine: Machine


def tell(story: Story, lab: Lab) -> None:
    """From birth to death of a lease."""
    story.step("Two hosts, two tenants with the same block, machines that know only their MACs")
    scene = build(lab)
    story.step("A machine that nobody promised anything, with dhclient")
    auto = dhcp.dhclient(scene.auto)
    prove_given(story, scene, auto)
    story.step("A machine with a reserved address, with udhcpc; and one of another tenant")
    prove_reserved(story, scene)
    story.step("The list of leases")
    prove_listed(story, lab, scene)
    story.step("Leases are renewed, in time and unasked")
    prove_renewed(story, scene, auto)
    story.step("Names")
    prove_names(story, scene)
    story.step("Machines that play DHCP server, and machines that nobody answers")
    prove_unheard(story, scene)
    story.step("A machine looks whether an address is free that is another's")
    prove_noticed(story, lab, scene)
    story.step("The daemon is killed and comes back")
    prove_outlived(story, lab, scene, auto)
    story.step("Leases are given back, and declined")
    prove_ended(story, lab, scene)


def build(lab: Lab) -> Scene:
    """Start all of it; nothing has an address when this returns but the machine that plays server."""
    servers.dns(Resolver("resolver", lab.machine("resolver")), UPSTREAM)
    address = lab.fabric.address("management", 9)
    lab.start_daemon({"network": {"dns_forwarders": [address]}})
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    lab.join(*hosts)
    acme, globex = (Lan(tenant, "net", NUMBER, ipv4={"dhcp": DHCP}) for tenant in TENANTS)
    bare = Lan("acme", "bare", 82)
    knows_nothing = Nic(acme.mac(11))
    places = [
        Place(acme, "auto", hosts[0], 11, {"addresses": None}, knows_nothing),
        Place(acme, "kept", hosts[1], RESERVED, nic=Nic(acme.mac(RESERVED))),
        Place(acme, "rogue", hosts[0], 30),
        Place(globex, "twin", hosts[0], RESERVED, nic=Nic(globex.mac(RESERVED))),
        Place(bare, "lonely", hosts[0], 11, nic=Nic(bare.mac(11))),
    ]
    networks = [lan.resource for lan in (acme, globex, bare)]
    asked = [
        *map(rest.project, TENANTS),
        *networks,
        *(routers.router(lan.tenant, "edge", lan) for lan in (acme, globex)),
    ]
    return Scene(*settle(lab, tuple(asked), *places))


def prove_given(story: Story, scene: Scene, auto: dhcp.Client) -> None:
    """An address of the range, and all options that were asked for."""
    started = time.monotonic()
    told = auto.wait("BOUND")
    first, last = (int(ip_address(end)) for end in DHCP["ranges"][0].split("-"))
    given = told["new_ip_address"]
    milliseconds = (time.monotonic() - started) * 1000
    story.check("dhclient is given an address of the range", first <= int(ip_address(given)) <= last, given)
    story.say(f"{milliseconds:.0f} ms after it was started")
    for what, (name, wanted) in TOLD.items():
        story.check(f"it is told of {what}", told.get(name) == wanted, told.get(name))
    routes = scene.auto.machine.run("ip", "route")
    story.check("its kernel has the routes", "10.9.0.0/16 via" in routes and "default via" in routes)


def prove_reserved(story: Story, scene: Scene) -> None:
    """Both tenants' machines have the same MAC, and each has what its own port was promised."""
    wanted = f"10.{NUMBER}.0.{RESERVED}"
    for vm in (scene.kept, scene.twin):
        told = dhcp.udhcpc(vm, "-r", f"10.{NUMBER}.0.77").wait("bound")
        story.check(
            f"udhcpc of {vm.name} is given what was reserved, whatever it asks for", told["ip"] == wanted, told["ip"]
        )
        story.check(
            "and the search list, the MTU and the routes", "search" in told and told["mtu"] == str(MTU), told["search"]
        )
    silent = unreached([(scene.auto, wanted), (scene.kept, own(scene.auto))])
    story.check("machines of acme reach each other", not silent, silent)
    story.check("but globex' machine does not reach acme's", not ping(scene.twin, own(scene.auto)))


def own(vm: Vm) -> str:
    """The IPv4 address that a machine uses now, or 0.0.0.0."""
    words = vm.machine.run("ip", "-4", "-oneline", "address", "show", "dev", "eth0").split()
    return words[words.index("inet") + 1].partition("/")[0] if "inet" in words else str(ip_address(0))


def leases(lab: Lab, vm: Vm) -> list[dict[str, Any]]:
    """What is listed of a machine's port."""
    tenant, _, name = vm.name.partition("-")
    return [one for one in lab.client.get("/leases")["items"] if one["port"] == f"{tenant}/{name}"]


def prove_listed(story: Story, lab: Lab, scene: Scene) -> None:
    """Each with its port, address, MAC and state."""
    for vm in (scene.auto, scene.kept, scene.twin):
        listed = leases(lab, vm)
        found = [(one["address"], one["mac"], one["state"]) for one in listed]
        story.check(f"the lease of {vm.name} is bound", found == [(own(vm), vm.nic.mac, "bound")], found)
    others = [one["port"] for one in lab.client.get("/leases")["items"]]
    story.check("and nobody else has one", len(others) == 3, others)


def prove_renewed(story: Story, scene: Scene, auto: dhcp.Client) -> None:
    """Renewed by asking the server; rebound by asking anybody, where the server does not answer."""
    before = own(scene.auto)
    auto.wait("RENEW", seconds=LEASE)
    story.check("dhclient renews", own(scene.auto) == before, before)
    seen, said = len(auto.events()), len(auto.output.read_text())
    rules = "table ip deaf { chain out { type filter hook output priority 0; udp dport 67 drop; }; }"
    scene.auto.machine.run("nft", rules)  # what is sent by a raw socket, as broadcasts are, does not come by here
    auto.wait("REBIND", "RENEW", seconds=LEASE, after=seen)
    scene.auto.machine.run("nft", "delete table ip deaf")
    asked = [line for line in auto.output.read_text()[said:].splitlines() if line.startswith("DHCPREQUEST")]
    story.check(
        "it asks anybody where the server does not hear it", asked[-1].endswith(f"to {EVERYBODY} port 67"), asked
    )
    story.check("and keeps its address", own(scene.auto) == before, before)
    story.check("and reaches its neighbours as before", ping(scene.auto, own(scene.kept)))


def prove_names(story: Story, scene: Scene) -> None:
    """The gateway answers for the network's own names and has others asked for the rest."""
    gateway, kept = f"10.{NUMBER}.0.1", own(scene.kept)
    asked = {
        f"kept.{DOMAIN}": clients.dig(scene.auto, gateway, f"kept.{DOMAIN}"),
        "kept": clients.dig(scene.auto, gateway, "kept"),
    }
    story.check("the names of the network's ports", all(answer == [kept] for answer in asked.values()), asked)
    ipv6 = clients.dig(scene.auto, gateway, f"kept.{DOMAIN}", "AAAA")
    story.check("their IPv6 addresses too", ipv6 == [f"2001:db8:{NUMBER}::{RESERVED:x}"], ipv6)
    reverse = clients.dig(scene.auto, gateway, ".".join(reversed(kept.split("."))) + ".in-addr.arpa", "PTR")
    story.check("and whose an address is", reverse == [f"kept.{DOMAIN}."], reverse)
    nobody = clients.dig(scene.auto, gateway, f"twin.{DOMAIN}")
    story.check("another tenant's port has no name here", not nobody, nobody)
    outside = clients.dig(scene.auto, gateway, "www.example.test")
    story.check("the rest is asked outside", outside == list(UPSTREAM.values()), outside)


def prove_unheard(story: Story, scene: Scene) -> None:
    """No machine hears another's questions, nor its false answers."""
    with Wire(scene.rogue) as liar, Wire(scene.kept) as victim:
        other = dhcp.dhclient(scene.lonely)
        liar.send(rogue.offer(scene.rogue, scene.kept, f"10.{NUMBER}.0.66"))
        told = dhcp.udhcpc(scene.kept, "-q").wait("bound")
        overheard = [
            frame for frame in liar.received() if frame[12:14] == b"\x08\x00" and frame[34:38] == b"\0\x44\0\x43"
        ]
        offered = [frame for frame in victim.received() if bytes([10, NUMBER, 0, 66]) in frame]
    story.check("a machine that listens hears nobody ask", not overheard, len(overheard))
    story.check("its own offers reach nobody", not offered and told["ip"] == f"10.{NUMBER}.0.{RESERVED}", told["ip"])
    gained = [event["reason"] for event in other.events() if event["reason"] == "BOUND"]
    story.check("on a network without DHCP nobody answers", not gained, gained)
    other.end()


def prove_noticed(story: Story, lab: Lab, scene: Scene) -> None:
    """By ARP probe (RFC 5227) and by neighbour solicitation (RFC 4862): the port that has it says who asked."""
    machine, ipv4, ipv6 = scene.rogue.machine, own(scene.kept), f"2001:db8:{NUMBER}::{RESERVED:x}"
    machine.run("sh", "-c", f"arping -D -c 2 -w 2 -I eth0 {ipv4} || true")
    machine.run("ip", "address", "add", f"{ipv6}/64", "dev", "eth0")
    told = until(lambda: claims(lab, "acme/kept") == {ipv4, ipv6}, 5, f"the claims to {ipv4} and {ipv6} are told")
    story.check("both are told as events of the port that has them", told)
    conditions = lab.client.get("/projects/acme/ports/kept")["status"]["conditions"]
    condition = next(one for one in conditions if one["type"] == "Duplicate")
    story.check("and it says so in its status", condition["status"] is True, condition["message"])
    story.check("nobody is blamed at another port", not claims(lab, "acme/auto"))


def claims(lab: Lab, port: str) -> set[str]:
    """The addresses of a port that others were seen to claim."""
    told = [event for event in lab.client.get("/events")["items"] if event["subject"] == f"Port {port}"]
    return {event["detail"]["duplicate"] for event in told if event["type"] == "security"}


def prove_outlived(story: Story, lab: Lab, scene: Scene, auto: dhcp.Client) -> None:
    """Addresses are intent, so no daemon forgets them."""
    before, seen = own(scene.auto), len(auto.events())
    if lab.daemon is not None:
        lab.daemon.kill()
        lab.daemon.start()
    auto.wait("RENEW", "REBIND", "BOUND", seconds=2 * LEASE, after=seen)
    story.check("dhclient keeps its address", own(scene.auto) == before, before)
    story.check("the lease is listed again", [one["address"] for one in leases(lab, scene.auto)] == [before])


def prove_ended(story: Story, lab: Lab, scene: Scene) -> None:
    """The client's word is taken, and no more is promised than was."""
    dhcp.release(scene.auto)
    until(lambda: "bound" not in [one["state"] for one in leases(lab, scene.auto)], 5, "dhclient's lease is given back")
    story.check("dhclient gives its lease back", own(scene.auto) == "0.0.0.0", leases(lab, scene.auto))  # noqa: S104
    client = dhcp.udhcpc(scene.kept)
    client.wait("bound")
    client.signal(signal.SIGUSR2)
    until(lambda: "bound" not in [one["state"] for one in leases(lab, scene.kept)], 5, "udhcpc's lease is given back")
    story.check("so does udhcpc", held=True)
    client.end()
    declining = dhcp.dhclient(scene.auto, "-e", "LEASE_DECLINED=1")
    until(lambda: "declined" in [one["state"] for one in leases(lab, scene.auto)], 10, "the lease is declined")
    story.check("an address that dhclient finds taken is declined, and listed so", held=True)
    declining.end()


if __name__ == "__main__":
    sys.exit(play(tell))
