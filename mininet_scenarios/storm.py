"""Everything fails, in random order and two at a time, while tenants change their minds and machines move.

The daemon, its intent database, switches, hosts' databases and both wires of each host are killed, ended or cut for
``--seconds``. After each fault intent is what was acknowledged, every switch holds what the daemon says it should, and
exactly those reach each other who should. At the end a daemon that starts afresh has nothing to tell any switch.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import tenants
from mininet_scenarios.agreement import settled
from mininet_scenarios.command import until
from mininet_scenarios.ledger import Ledger
from mininet_scenarios.ovs import Received
from mininet_scenarios.probe import all_pairs, unreached
from mininet_scenarios.rest import port
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.ledger import Body
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

HEAL_SECONDS = 40
TENANTS = {"acme": 4, "globex": 5}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks, ``seconds`` until it is mended, and the host that takes no orders meanwhile."""

    name: str
    strike: Callable[[], object]
    mend: Callable[[], object]
    seconds: float = 0.0
    host: Hypervisor | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A machine and the port that it is meant for."""

    tenant: str
    guest: Guest
    vm: Vm

    @property
    def path(self) -> str:
        """Its port in REST."""
        return f"/projects/{self.tenant}/ports/{self.guest.name}"

    def body(self, version: int) -> Body:
        """Its port as the tenant asks for it; versions differ by a label."""
        asked = port(self.tenant, self.guest.name, tenants.NETWORK, self.guest.nic.mac, *self.vm.addresses)
        return {"spec": asked["spec"], "labels": {"version": str(version)}}


@dataclass(slots=True)
class Scene:
    """All there is; ``unplugged`` holds the names of machines that are on no bridge."""

    daemon: Daemon
    hosts: list[Hypervisor]
    places: list[Place]
    ledger: Ledger
    chance: random.Random
    unplugged: set[str]
    version: int = 1

    def connected(self, place: Place) -> bool:
        """Whether the machine should be on its tenant's network."""
        return self.ledger.stands(place.path) and place.vm.name not in self.unplugged


def tell(story: Story, lab: Lab) -> None:
    """Faults until the time is over, then the proof that nothing of them is left."""
    seed = story.asked.seed or random.SystemRandom().randrange(1, 1 << 16)
    story.step(f"Three hosts, two tenants with the same addresses; --seed {seed}")
    scene = build(lab, random.Random(seed))  # noqa: S311  # the order of a test is no secret
    prove(story, lab, scene)
    faults = possible(scene, story.asked.cut)
    end = time.monotonic() + story.asked.seconds
    left: list[Fault] = []
    while time.monotonic() < end:
        left = left or scene.chance.sample(faults, len(faults))
        struck = [left.pop()]
        other = scene.chance.choice(faults)
        if scene.chance.random() < 0.4 and _apart(struck[0], other):
            struck.append(other)
        story.step(" and ".join(fault.name for fault in struck))
        weather(story, scene, struck)
        prove(story, lab, scene)
    prove_clean(story, lab, scene)


def build(lab: Lab, chance: random.Random) -> Scene:
    """Hosts, tenants and machines; every port is Ready."""
    daemon = lab.start_daemon()
    hosts = [lab.hypervisor(f"hv{number}") for number in (1, 2, 3)]
    lab.join(*hosts)
    places: list[Place] = []
    for tenant, count in TENANTS.items():
        guests = [Guest(f"vm{number}", hosts[number % 3], number) for number in range(1, count + 1)]
        tenants.ask(daemon.rest, tenant, *guests)
        vms = tenants.boot(lab, tenant, *guests)
        tenants.wait_ready(daemon.rest, tenant, *(guest.name for guest in guests))
        places += [Place(tenant, guest, vm) for guest, vm in zip(guests, vms, strict=True)]
    ledger = Ledger(daemon, {})
    for place in places:
        ledger.ask(place.path, place.body(0))
    return Scene(daemon, hosts, places, ledger, chance, set())


def possible(scene: Scene, cut: int) -> list[Fault]:
    """Every fault by what a person would say of it."""
    daemon = scene.daemon
    faults = [
        Fault("kill -9 the daemon", daemon.kill, daemon.start, 1),
        Fault("end the daemon", daemon.stop, daemon.start, 1),
        Fault("kill -9 the intent database", daemon.kill_intent_database, _nothing),
        Fault("kill -9 the intent database, then the daemon", partial(_kill_both, daemon), daemon.start),
    ]
    for host in scene.hosts:
        ovs, name = host.ovs, host.name
        faults += [
            Fault(f"kill -9 {name}'s ovs-vswitchd", ovs.kill_switch, ovs.start_switch, 1, host),
            Fault(f"end {name}'s ovs-vswitchd", ovs.stop_switch, ovs.start_switch, 1, host),
            Fault(f"kill -9 {name}'s ovsdb-server", ovs.kill_database, ovs.start_database, 1, host),
            *(
                Fault(f"cut {name}'s {wire} for {cut} s", partial(host.cut, wire), partial(host.mend, wire), cut)
                for wire in ("management", "underlay")
            ),
        ]
    return faults


def weather(story: Story, scene: Scene, faults: list[Fault]) -> None:
    """Strike, change things while it is broken, mend, and change things again."""
    for fault in faults:
        fault.strike()
    struck = {fault.host.name for fault in faults if fault.host}
    for _ in range(scene.chance.randint(1, 3)):
        story.say(change(scene, struck))
    time.sleep(max(fault.seconds for fault in faults))
    for fault in faults:
        fault.mend()
    story.say(change(scene, set()))


def change(scene: Scene, struck: set[str]) -> str:
    """One thing that a tenant, or an orchestrator, does now and then; says what."""
    scene.version += 1
    place = scene.chance.choice([place for place in scene.places if place.vm.host.name not in struck])
    what = scene.chance.choice(("label", "delete or make", "plug or unplug", "move"))
    if what == "move" and place.vm.name not in scene.unplugged:
        free = [host for host in scene.hosts if host.name not in struck and host is not place.vm.host]
        if free:
            place.vm.move(scene.chance.choice(free), f"{place.tenant}/{place.guest.name}")
            return f"{place.vm.name} moves to {place.vm.host.name}"
    if what == "plug or unplug":
        return plug_or_unplug(scene, place)
    body = None if what == "delete or make" and scene.ledger.stands(place.path) else place.body(scene.version)
    answered = scene.ledger.ask(place.path, body)
    verb = "PUT" if body else "DELETE"
    return f"{verb} {place.path}: {'acknowledged' if answered else 'no answer'}"


def plug_or_unplug(scene: Scene, place: Place) -> str:
    """Take a machine's interface off its bridge, or put it back."""
    if place.vm.name in scene.unplugged:
        place.vm.plug(f"{place.tenant}/{place.guest.name}")
        scene.unplugged.discard(place.vm.name)
        return f"{place.vm.name} is plugged in"
    place.vm.unplug()
    scene.unplugged.add(place.vm.name)
    return f"{place.vm.name} is unplugged"


def prove(story: Story, lab: Lab, scene: Scene) -> None:
    """Without anybody's help: intent, flows, and who reaches whom."""
    started = time.monotonic()
    lab.wait_joined(*scene.hosts, seconds=HEAL_SECONDS)
    collections = [f"/projects/{tenant}/ports" for tenant in TENANTS]
    wrong = scene.ledger.differences(collections)
    story.check("intent is what was acknowledged", not wrong, wrong or len(scene.ledger.acknowledged))
    until(partial(settled, scene.daemon.rest, scene.hosts), HEAL_SECONDS, "every switch holds what it should")
    seconds = time.monotonic() - started
    story.check("every switch holds what the daemon says that it should", held=True, evidence=f"after {seconds:.1f} s")
    should, should_not = pairs(scene)
    until(lambda: not unreached(should), HEAL_SECONDS, f"those reach each other who should: {unreached(should)}")
    silent = set(unreached(should_not))
    loud = [f"{vm.name}>{address}" for vm, address in should_not if f"{vm.name}>{address}" not in silent]
    story.check("exactly those reach each other who should", not loud, loud or f"{len(should)} do")


def pairs(scene: Scene) -> tuple[list[tuple[Vm, str]], list[tuple[Vm, str]]]:
    """Who should reach which address, and who should not; a tenant has no machine where only the other has one."""
    should: list[tuple[Vm, str]] = []
    should_not: list[tuple[Vm, str]] = []
    for tenant in TENANTS:
        own = [place for place in scene.places if place.tenant == tenant]
        of = {place.vm: place for place in own}
        for a, b in all_pairs(list(of)):
            (should if scene.connected(of[a]) and scene.connected(of[b]) else should_not).append((a, b.ipv4))
    lonely = [place.vm for place in scene.places if place.tenant == "acme"]
    return should, [*should_not, *((vm, "10.0.0.5") for vm in lonely)]


def prove_clean(story: Story, lab: Lab, scene: Scene) -> None:
    """A daemon that compiles everything afresh agrees with what years of changes would have left."""
    story.step("Restart the daemon: it builds everything afresh from intent")
    flows = [host.flows() for host in scene.hosts]
    logs = [Received(host.ovs) for host in scene.hosts]
    scene.daemon.stop()
    scene.daemon.start()
    prove(story, lab, scene)
    told = [log.changes() for log in logs]
    story.check("it had nothing to tell any switch", not any(told), told)
    story.check("the flows are the same", flows == [host.flows() for host in scene.hosts])
    log = scene.daemon.log.read_text(errors="replace")
    bugs = [line for line in log.splitlines() if "Traceback" in line or '"event": "bug"' in line]
    story.check("its log has no traceback and tells of no defect", not bugs, bugs[:3])
    story.say(f"{scene.ledger.refused} requests were not answered")


def _apart(one: Fault, other: Fault) -> bool:
    """Whether two faults strike different things."""
    words = set(one.name.split()) & set(other.name.split())
    return not words & {"daemon", "daemon,", "database", "hv1's", "hv2's", "hv3's"}


def _kill_both(daemon: Daemon) -> None:
    daemon.kill_intent_database()
    daemon.kill()


def _nothing() -> None:
    """The daemon mends this by itself."""


if __name__ == "__main__":
    sys.exit(play(tell, {"seconds": 300, "seed": 0, "cut": 20}))
