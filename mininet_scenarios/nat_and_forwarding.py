"""Out through an address that is not theirs, and in by ports that are forwarded: nat networks, and routers with SNAT.

Two tenants have the same addresses on the same hosts, and share no state. Errors find their way back through
translation, FTP works where it is asked to, and every translation is listed.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, exchange, forgery, rest, translation, world
from mininet_scenarios.command import side_by_side, until
from mininet_scenarios.probe import ping
from mininet_scenarios.refusal import prove_refused
from mininet_scenarios.story import play
from mininet_scenarios.translation import (
    DATAGRAMS,
    EDGE,
    HIGHEST,
    INNER_RANGE,
    LOWEST,
    NAT_PORT,
    NATTED,
    RANGE,
    ROUTED,
    ROUTER_PORT,
    TENANTS,
)
from mininet_scenarios.wire import Wire, collect
from mininet_scenarios.world import CAMPUS, FAR, PROVIDER, PUBLIC, SERVER

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.machine import Station
    from mininet_scenarios.story import Story
    from mininet_scenarios.translation import Scene
    from mininet_scenarios.vm import Vm

LINK = ("169.254.64.1", "fd6e:6574:6c6f::1")  # the hosts' own addresses on their links to nat networks
NARROW = 1300
SAME_PORT = 33333
VXLAN_PORT = 4789
SERVERS = world.addresses(FAR, SERVER)


def tell(story: Story, lab: Lab) -> None:
    """Out, back, in, round, listed, refused."""
    story.step("Two hosts, a provider; two tenants with the same addresses, each with a nat network and a router")
    scene = translation.build(lab)
    story.step("Out: everybody is seen by an address that is not theirs")
    prove_outward(story, scene)
    story.step("Connections of both tenants from the same address and port, to the same server")
    prove_separate(story, lab, scene)
    story.step("Errors find their way back")
    prove_errors(story, scene)
    story.step("In: forwarded ports, and no other")
    prove_inward(story, scene)
    story.step("Round: machines reach forwarded ports from inside")
    prove_round(story, scene)
    story.step("Machines that misuse their host")
    prove_contained(story, lab, scene)
    story.step("FTP, which speaks of addresses inside: only red's router helps it")
    prove_ftp(story, scene)
    story.step("What cannot be is refused by name")
    prove_refused(story, lab.client, wrong())
    story.step("A router runs out of ports for one server")
    prove_exhausted(story, lab, scene)
    story.step("The forwards to r1 are taken away")
    take_away(story, lab, scene)


def prove_outward(story: Story, scene: Scene) -> None:
    """Who is seen as whom."""
    own = {tenant: vms["r1"].ipv6 for tenant, vms in scene.vms.items()}
    wanted = {
        "n1": dict.fromkeys(TENANTS, scene.host_addresses(0)),
        "n2": dict.fromkeys(TENANTS, scene.host_addresses(1)),
        "r1": {"red": scene.edges["red"], "blue": (scene.edges["blue"][0], own["blue"])},
    }
    for name, by_tenant in wanted.items():
        seen = {
            tenant: tuple(clients.seen_as(scene.vms[tenant][name], server) for server in SERVERS) for tenant in TENANTS
        }
        story.check(f"{name} of both: by IPv4 and IPv6", seen == by_tenant, seen)
    ports = [int(clients.curl(scene.vms["red"]["r2"], f"http://{SERVERS[0]}/").split()[3]) for _ in range(5)]
    story.check(f"red's router uses ports {LOWEST} to {HIGHEST}", all(LOWEST <= one <= HIGHEST for one in ports), ports)
    story.check("datagrams go out and come back", bool(exchange.witnessed(scene.vms["blue"]["n1"], SERVERS[0], 80)))


def prove_separate(story: Story, lab: Lab, scene: Scene) -> None:
    """Four machines, two of which are told apart by their tenants alone, and how each is listed."""
    seen = {}
    for tenant in TENANTS:
        for name in ("n1", "r1"):
            said = clients.curl(scene.vms[tenant][name], f"http://{SERVERS[0]}/", "--local-port", str(SAME_PORT))
            seen[tenant, name] = said.partition(" saw ")[2]
    story.check("each is answered", all(seen.values()), seen)
    story.check("and seen as somebody else", len(set(seen.values())) == len(seen))
    listed = [entry for entry in lab.client.get("/nat")["items"] if entry["source_port"] == SAME_PORT]
    for (tenant, name), translated in seen.items():
        owner = ("router", f"{tenant}/edge") if name == "r1" else ("network", f"{tenant}/natted")
        found = [entry for entry in listed if entry[owner[0]] == owner[1]]
        ends = [(one["protocol"], one["source"], one["destination"], one["destination_port"]) for one in found]
        wanted = [("tcp", scene.vms[tenant][name].ipv4, SERVERS[0], 80)]
        story.check(f"{name} of {tenant} is listed", ends == wanted, [*ends, *(one["state"] for one in found)])
        to = [f"{one['translated']} {one['translated_port']}" for one in found]
        story.check("and with what the server saw, or its host did", name == "n1" or to == [translated], to)


def prove_errors(story: Story, scene: Scene) -> None:
    """Each hop names itself, the server says that nobody listens, and what is too large is said to be."""
    provider = world.addresses(CAMPUS, PROVIDER), world.addresses(PUBLIC, PROVIDER)
    for at, version in enumerate(("IPv4", "IPv6")):
        for name, network, ways in (("n1", NATTED, (LINK[at], provider[0][at])), ("r1", ROUTED, (provider[1][at],))):
            vm = scene.vms["red"][name]
            gateway = f"10.{network}.0.1" if not at else f"2001:db8:{network}::1"
            hops = clients.traceroute(vm, SERVERS[at])
            story.check(f"traceroute of {name} names each hop, {version}", hops == [gateway, *ways, SERVERS[at]], hops)
    scene.world.provider.machine.run("ip", "link", "set", "eth2", "mtu", str(NARROW))
    for name in ("n1", "r1"):
        vm = scene.vms["red"][name]
        for server in SERVERS:
            found = clients.fits(vm, server, NARROW + 1), clients.path_mtu(vm, server), clients.fits(vm, server, NARROW)
            story.check(f"{name} is told what fits on the way to {server}", found == (False, NARROW, True), found)
    scene.world.provider.machine.run("ip", "link", "set", "eth2", "mtu", "1500")


def answering(source: Station, address: str, port: int) -> str:
    """The machine that answers HTTP there, or nothing."""
    return clients.curl(source, f"http://{clients.bracketed(address)}:{port}/", seconds=1).partition(" saw ")[0]


def prove_inward(story: Story, scene: Scene) -> None:
    """The server reaches what is forwarded, by what it is forwarded from."""
    server = scene.world.server
    for at, host in enumerate(scene.host_addresses(0)):
        found = {tenant: answering(server, host, NAT_PORT[tenant]) for tenant in TENANTS}
        story.check(f"a port of the host, {host}, for each tenant", found == {t: f"{t}-n1" for t in TENANTS}, found)
        beside, datagrams, own = side_by_side(
            partial(answering, server, host, ROUTER_PORT + 1),
            partial(exchange.witnessed, server, host, NAT_PORT["red"]),
            partial(ping, server, scene.vms["red"]["n1"].addresses[at]),
        )
        shut = beside or datagrams
        story.check("no other port of the host, and no datagrams there", not shut, shut)
        story.check("no machine by its own address", not own)
    found = {tenant: answering(server, scene.edges[tenant][0], ROUTER_PORT) for tenant in TENANTS}
    story.check("a port of each router", found == {tenant: f"{tenant}-r1" for tenant in TENANTS}, found)
    for name, address in (("n1", scene.host_addresses(0)[0]), ("r1", scene.edges["red"][0])):
        ports = {outer: server_port(scene.vms["red"][name], server, address, outer) for outer in (*RANGE, RANGE[0] + 4)}
        wanted = {outer: INNER_RANGE + outer - RANGE[0] for outer in ports}
        story.check(f"a range of ports, one for one, to {name}", ports == wanted, ports)
        said = exchange.witnessed(server, address, DATAGRAMS)
        story.check(f"datagrams to {name}", said.startswith(f"red-{name} saw {SERVERS[0]}"), said)
        outside = [partial(answering, server, address, outer) for outer in (RANGE[0] - 1, RANGE[1] + 1)]
        found_there = [name for name in side_by_side(*outside) if name]
        story.check("nothing beside the range", not found_there, found_there)


def server_port(vm: Vm, client: Station, address: str, outer: int) -> int:
    """The port of ``vm`` at which a connection to ``outer`` arrives; 0 if none did."""
    body = clients.curl(client, f"http://{clients.bracketed(address)}:{outer}/port", seconds=1)
    return int(body.split()[-1]) if body.startswith(f"{vm.name} served ") else 0


def prove_round(story: Story, scene: Scene) -> None:
    """Tenants reach what is forwarded as anybody does, the machine that serves it too."""
    host, edge = scene.host_addresses(0)[0], scene.edges["red"][0]
    for source in ("n1", "n2"):
        found = answering(scene.vms["red"][source], host, NAT_PORT["red"])
        story.check(f"{source} reaches n1 by the host's port", found == "red-n1", found)
    for source in ("r1", "r2"):
        found = answering(scene.vms["red"][source], edge, ROUTER_PORT)
        story.check(f"{source} reaches r1 by the router's port", found == "red-r1", found)
    found = answering(scene.vms["blue"]["r1"], edge, ROUTER_PORT)
    story.check("blue reaches red's r1 as the world does", found == "red-r1", found)


def prove_contained(story: Story, lab: Lab, scene: Scene) -> None:
    """The host would lend its address to a tunnel's packets, and knows a way to all tenants' links."""
    liar, (sender, victim) = scene.vms["red"]["n1"], (scene.vms["blue"][name] for name in ("r1", "r2"))
    vni = lab.client.get("/projects/blue/networks/routed")["status"]["vni"]
    with Wire(victim) as wire:
        for underlay in (host.underlay for host in scene.hosts):
            exchange.tell(liar, underlay, VXLAN_PORT, forgery.tunnelled(sender, victim, vni))
        heard = forgery.tokens(collect([wire])[victim.name])
    story.check("red does not speak in blue's network by VXLAN through its host", not heard, heard)
    doors = lab.client.get("/projects/blue/networks/natted")["status"]["door"]["addresses"]
    ways = [partial(answering, liar, door, port) for door in doors for port in (80, NAT_PORT["blue"])]
    reached = [name for name in side_by_side(*ways) if name]
    story.check("nor does it reach blue's machines by their link to the host", not reached, reached or doors)


def prove_ftp(story: Story, scene: Scene) -> None:
    """Passive FTP needs no help; in active mode the server connects back to where the client said."""
    for tenant, helped in (("red", True), ("blue", False)):
        vm = scene.vms[tenant]["r1"]
        passive = clients.fetch(vm, SERVERS[0])
        active = clients.fetch(vm, SERVERS[0], active=True, seconds=5 if helped else 2)
        story.check(f"{tenant}: passive FTP brings the file", passive == 17000, passive)
        said = "does too" if helped else "does not"
        story.check(f"{tenant}: active FTP {said}", (active == 17000) is helped, active)


def wrong() -> dict[str, tuple[str, dict[str, Any]]]:
    """What no tenant can have, each with the field that says so."""
    edge: dict[str, str] = {"router": "edge"}
    outer: dict[str, int | str] = {
        "port 0": 0,
        "port 65536": 65536,
        "port 67890": 67890,
        "a range backwards": "8010-8000",
        "a range that ends beyond 65535": "65530-65540",
        "a port that is forwarded already": ROUTER_PORT,
        "a range in which one is": f"{ROUTER_PORT - 5}-{ROUTER_PORT + 5}",
    }
    found = {what: ("/spec/external_port", translation.forward(edge, "r2", port, 81)) for what, port in outer.items()}
    found["an inner port 70000"] = ("/spec/internal_port", translation.forward(edge, "r2", 8200, 70000))
    both = {"router": "edge", "network": "natted"}
    found["a router and a network at once"] = ("/spec", translation.forward(both, "r2", 8201, 80))
    asked = {
        what: (pointer, rest.resource("PortForward", "red", "wrong", spec)) for what, (pointer, spec) in found.items()
    }
    external = {"network": "public", "address": world.addresses(PUBLIC, EDGE)[0], "port_range": "5000-4000"}
    router = {"interfaces": [{"network": "routed"}], "external": external}
    return {**asked, "a router's range backwards": ("/spec/external", rest.resource("Router", "red", "edge", router))}


def prove_exhausted(story: Story, lab: Lab, scene: Scene) -> None:
    """It says so, and only what is for that server and protocol has to wait."""
    red = scene.vms["red"]
    before = short_of_ports(lab, "red")
    exchange.spray(red["r2"], SERVERS[0], 80, HIGHEST - LOWEST + 100)
    told = until(lambda: short_of_ports(lab, "red"), 10, "the router says that it has no port left")
    story.check("the router says so", not before and bool(told), told)
    story.check("blue's does not", not short_of_ports(lab, "blue"))
    others = [clients.seen_as(vm, SERVERS[0]) for vm in (red["r1"], scene.vms["blue"]["r1"])]
    story.check("other connections go on", all(others), others)


def short_of_ports(lab: Lab, tenant: str) -> str:
    """What a tenant's router says of ports that it lacks, or nothing."""
    conditions = lab.client.get(f"/projects/{tenant}/routers/edge")["status"]["conditions"]
    return next((one["message"] for one in conditions if one["type"] == "PortsExhausted" and one["status"]), "")


def take_away(story: Story, lab: Lab, scene: Scene) -> None:
    """Afterwards the port leads nowhere, and who came by it before is cut off."""
    server, edge = scene.world.server, scene.edges["red"][0]
    open_before = [exchange.held(server, edge, port) for port in (ROUTER_PORT, RANGE[0])]
    lab.client.delete("/projects/red/portforwards/web-r")
    until(lambda: not answering(server, edge, ROUTER_PORT), 5, "the port leads nowhere")
    story.check("the port leads nowhere", held=True)
    still = [exchange.answered(one) for one in open_before]
    story.check("a connection that came by it is cut, one by another port goes on", still == [False, True], still)
    found = answering(server, edge, RANGE[0])
    story.check("the others lead where they led", found == "red-r1", found)


if __name__ == "__main__":
    sys.exit(play(tell))
