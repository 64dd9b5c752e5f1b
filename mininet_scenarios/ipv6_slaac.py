"""IPv6 by itself: machines hear the router, form or ask for addresses, and find names, each network in its own way.

Three networks: on the first, machines form their addresses; on the second they ask DHCPv6 for everything; on the third
they form addresses and ask for the rest. A machine that plays router is heard by nobody.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, dhcp, rest, routers
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import all_pairs, unreached
from mininet_scenarios.rogue import advertisement
from mininet_scenarios.story import play
from mininet_scenarios.vm import MTU, Nic
from mininet_scenarios.wire import Wire

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANT = "acme"
RESOLVER = "2001:db8:53::53"
SLAAC = Lan(TENANT, "slaac", 71, ipv6={"ra": "slaac"})
STATEFUL = Lan(
    TENANT,
    "stateful",
    72,
    ipv6={"ra": "stateful", "dhcp": {"enabled": True, "lease": 600, "dns": [RESOLVER], "search": ["example.test"]}},
)
STATELESS = Lan(TENANT, "stateless", 73, ipv6={"ra": "stateless", "dhcp": {"enabled": True, "dns": [RESOLVER]}})
SILENT = Lan(TENANT, "silent", 74)
NUMBERS = (11, 12)
LANS = (SLAAC, STATEFUL, STATELESS, SILENT)


@dataclass(frozen=True, slots=True)
class Pair:
    """A network's two machines, on different hosts; the first listens to advertisements, so does the second."""

    lan: Lan
    one: Vm
    two: Vm


def tell(story: Story, lab: Lab) -> None:
    """Each way to an address."""
    story.step("Two hosts, a router, and a network of each way, with machines that know only their MACs")
    slaac, stateful, stateless, silent = build(lab)
    story.step("Machines form their addresses")
    prove_formed(story, slaac)
    prove_advertised(story, slaac, managed="No", other="No")
    story.step("Machines ask for everything")
    prove_advertised(story, stateful, managed="Yes", other="Yes")
    prove_asked(story, lab, stateful)
    story.step("Machines form their addresses and ask for the rest")
    prove_formed(story, stateless)
    prove_advertised(story, stateless, managed="No", other="Yes")
    client = dhcp.dhclient(stateless.one, "-6", "-S")
    told = client.wait("BOUND6", "RENEW6").get("new_dhcp6_name_servers")
    story.check("DHCPv6 tells of the resolver", told == RESOLVER, told)
    story.step("Networks reach each other through the router")
    heads = [pair.one for pair in (slaac, stateful, stateless)]
    silent_pairs = unreached((a, formed_or_had(b)) for a, b in all_pairs(heads))
    story.check("all reach all, by routes that they were told", not silent_pairs, silent_pairs)
    story.step("What must not be heard")
    prove_silence(story, slaac, silent)


def build(lab: Lab) -> list[Pair]:
    """Start all of it; ports say nothing of IPv6 addresses, which netloom gives as their machines form them."""
    lab.start_daemon()
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    lab.join(*hosts)
    places = [
        Place(lan, f"{lan.name[:6]}{lan.number}{which}", host, number, nic=Nic(lan.mac(number), listens=True))
        for lan in LANS
        for number, which, host in zip(NUMBERS, "ab", hosts, strict=True)
    ]
    places = [replace(place, spec={"addresses": None}) for place in places]
    edge = routers.router(TENANT, "edge", *LANS)
    vms = settle(lab, (rest.project(TENANT), *(lan.resource for lan in LANS), edge), *places)
    for vm in vms:
        until(partial(has_link_address, vm), 10, f"{vm.name} has an address on its link")
    return [Pair(lan, vms[2 * at], vms[2 * at + 1]) for at, lan in enumerate(LANS)]


def has_link_address(vm: Vm) -> bool:
    """Whether a machine may speak IPv6 on its link: it looks for a second or two whether anybody has its address."""
    return bool(vm.machine.run("ip", "-6", "-oneline", "address", "show", "dev", "eth0", "scope", "link", "-tentative"))


def addresses(vm: Vm) -> list[str]:
    """The global IPv6 addresses that a machine uses now."""
    shown = vm.machine.run("ip", "-6", "-oneline", "address", "show", "dev", "eth0", "scope", "global", "-tentative")
    return [line.split()[3].partition("/")[0] for line in shown.splitlines()]


def formed_or_had(vm: Vm) -> str:
    """The address by which others reach a machine; waits for it."""
    return until(lambda: addresses(vm), 10, f"{vm.name} has an address")[0]


def prove_formed(story: Story, pair: Pair) -> None:
    """Addresses are the prefix with what the MAC gives, and are the ports' own."""
    for number, vm in zip(NUMBERS, (pair.one, pair.two), strict=True):
        found = formed_or_had(vm)
        story.check(f"{vm.name} formed its address", found == pair.lan.formed(number), found)
    silent = unreached([(pair.one, formed_or_had(pair.two)), (pair.two, formed_or_had(pair.one))])
    story.check("they reach each other", not silent, silent)
    route = pair.one.machine.run("ip", "-6", "route", "show", "default")
    story.check("the router is their way out", "proto ra" in route, route.strip())


def prove_advertised(story: Story, pair: Pair, *, managed: str, other: str) -> None:
    """What rdisc6 shows."""
    found = clients.solicit(pair.one)
    flags = [value for name, value in found.items() if name.startswith("Stateful")]
    story.check("rdisc6: addresses and other things by DHCPv6", flags == [managed, other], flags or found)
    prefix = next((value for name, value in found.items() if name.startswith("Prefix")), "")
    story.check("rdisc6: the prefix", prefix == pair.lan.cidrs[1], prefix)
    mtu = next((value for name, value in found.items() if name.startswith("MTU")), "")
    story.check("rdisc6: the MTU", str(MTU) in mtu, mtu)
    resolver = next((value for name, value in found.items() if name.startswith("Recursive DNS")), "")
    story.check("rdisc6: a resolver", bool(resolver), resolver)


def prove_asked(story: Story, lab: Lab, pair: Pair) -> None:
    """What DHCPv6 gives is the port's, and is given back."""
    one, two = dhcp.dhclient(pair.one, "-6"), dhcp.dhclient(pair.two, "-6")
    for vm, client in ((pair.one, one), (pair.two, two)):
        told = client.wait("BOUND6")
        name = vm.name.removeprefix(f"{TENANT}-")
        own = lab.client.get(f"/projects/{TENANT}/ports/{name}")["status"]["addresses"]
        story.check(f"{vm.name} was given its port's address", told["new_ip6_address"] in own, told["new_ip6_address"])
    told = one.wait("BOUND6")
    story.check("and the resolver", told.get("new_dhcp6_name_servers") == RESOLVER, told.get("new_dhcp6_name_servers"))
    search = told.get("new_dhcp6_domain_search", "")
    story.check("and where to search for names", search.rstrip(".") == "example.test", search)
    silent = unreached([(pair.one, formed_or_had(pair.two)), (pair.two, formed_or_had(pair.one))])
    story.check("they reach each other", not silent, silent)
    leases = lab.client.get("/leases")["items"]
    listed = [lease for lease in leases if told["new_ip6_address"] in str(lease)]
    story.check("the lease is listed", len(listed) == 1, listed or leases)
    dhcp.release(pair.two, "-6")
    gone = two.events()[0]["reason"], addresses(pair.two)
    given_back = next(e for e in two.events() if e["reason"] == "BOUND6")["new_ip6_address"]
    until(lambda: states(lab, given_back) == ["released"], 5, "the lease is listed as given back")
    story.check("a lease that was given back is listed as such", held=True, evidence=gone[1])


def states(lab: Lab, address: str) -> list[str]:
    """How the leases of an address are listed."""
    return [lease["state"] for lease in lab.client.get("/leases")["items"] if lease["address"] == address]


def prove_silence(story: Story, slaac: Pair, silent: Pair) -> None:
    """Nobody advertises where nobody should."""
    heard = clients.solicit(silent.one)
    story.check(
        "on a network without advertisements there are none", not any("Prefix" in name for name in heard), heard
    )
    story.check("so its machines have no address", not addresses(silent.one), addresses(silent.one))
    with Wire(slaac.one) as liar, Wire(slaac.two) as victim:
        liar.send(advertisement(slaac.one, "2001:db8:bad::"))
        until(lambda: addresses(slaac.two), 5, "the other still has its address")
        frames = [frame for frame in victim.received() if bytes.fromhex("20010db80bad") in frame]
    lied = [address for address in addresses(slaac.two) if address.startswith("2001:db8:bad")]
    story.check("a machine that plays router is heard by nobody", not frames and not lied, lied or len(frames))


if __name__ == "__main__":
    sys.exit(play(tell))
