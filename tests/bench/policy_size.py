"""Policies compiled: how many flows groups come to on each chassis, how long ten thousand policies and one change take.

The compiler runs alone, in this process, with nothing behind it: what it makes for every chassis is counted, and sent
to none.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from typing import TYPE_CHECKING

from apps.policy_tables import ASKED, REHEARSAL, REHEARSED, RULES, TALLY, WHO
from controller.entities import Chassis, Interface, Network, Port, Project, Subnet
from controller.policy.changes import changes
from controller.policy.differences import Differences
from controller.policy.gates import Gates
from controller.policy.reach import Reach
from controller.policy.values import TCP, Machines, Policy, Requirement, Rule, Service
from tests.bench.figure import Figure, median
from tests.compiled import Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.compiler.catalogue import Delta
    from controller.compiler.past import Glimpse
    from controller.entities import Encap, Entity
    from controller.flow.flow import Flow
    from controller.policy.changes import Changes
    from controller.policy.values import Labels

CROWD, CROWD_HOSTS = 5_000, 100
PROJECTS, SORTS, MACHINES, POLICIES_OF_A_SORT, HOSTS = 20, 50, 10, 10, 50
SAMPLES = 20
RULE_TABLES = (ASKED, REHEARSAL, RULES, REHEARSED, TALLY)
"""Those that rules, and what is asked of them, stand in."""
SEGMENT = "net"
_RULES = {table.number for table in RULE_TABLES}


def measure() -> Iterator[Figure]:
    """The crowd that may talk to itself, then ten thousand policies over ten thousand ports."""
    yield from _crowd("vxlan")
    yield from _crowd("geneve")
    yield from _many()


def _crowd(encap: Encap) -> Iterator[Figure]:
    """One group of thousands, whose members let each other in."""
    members = Machines(("p0",), groups=("p0/all",))
    group = _policy("SecurityGroup:p0/all", "security-groups", members, Rule("all", "allow", (members,)))
    compiler, world = Watched(), [*_chassis(CROWD_HOSTS), *_tenant(0, encap), group]
    for number in range(CROWD):
        world += _machine(0, number, number % CROWD_HOSTS, groups=("p0/all",))
    compiler.turn(world)
    flows = [Counter(map(_sort, compiler.catalogue.flows(f"hv{host}"))) for host in range(CROWD_HOSTS)]
    what = f"a group of {CROWD:,} that lets itself in, {encap}"
    yield Figure(f"{what}: policy flows on each chassis", max(each["rules"] for each in flows), "flows", bound=100)
    both = max(each["rules"] + each["who"] for each in flows)
    yield Figure(f"{what}: with who has which address", both, "flows", bound=5_100)
    yield Figure(f"{what}: all flows on a chassis", max(map(Counter.total, flows)), "flows")
    deltas = compiler.turn(_machine(0, CROWD, 0, groups=("p0/all",)))
    yield Figure(
        f"{what}: policy flows that one member more changes elsewhere", _changed(deltas, "hv0"), "flows", bound=0
    )
    _check(compiler)


def _many() -> Iterator[Figure]:
    world, policies = list(_tenants()), [policy for policy, _ in _policies()]
    compiler = Watched()
    gc.disable()  # as the daemon does in large changes
    started = time.monotonic()
    compiler.turn([*world, *policies])
    seconds = time.monotonic() - started
    gc.enable()
    gc.freeze()
    ports = PROJECTS * SORTS * MACHINES
    yield Figure(f"{len(policies):,} policies over {ports:,} ports, compiled from nothing", seconds, "s", bound=20)
    yield Figure("the same: flows on a chassis", compiler.catalogue.count("hv0"), "flows")
    chosen, seen = list(_policies())[:: len(policies) // SAMPLES], Look()
    for what, place in (("with other ports", 0), ("that applies to others", 1)):
        samples = [_looked(compiler, each[place], seen) for _, each in chosen]
        yield Figure(f"looking at one policy {what}, median", median(samples), "ms", bound=200)
    _check(compiler)


class Look:
    """Sees what a dry run tells: flows by chassis, and who could newly talk to whom or no longer."""

    def __init__(self) -> None:
        self._gates = Gates()

    def __call__(self, glimpse: Glimpse) -> tuple[dict[str, Delta], Changes]:
        before, after = Reach(glimpse.before, self._gates), Reach(glimpse.after, Gates(self._gates))
        differences = Differences(before, after, glimpse.changed, _go_on).found()
        return glimpse.deltas, changes(differences, before, after)


def _go_on() -> None:
    """Compare as many as it takes."""


def _looked(compiler: Watched, policy: Policy, seen: Look) -> float:
    """Milliseconds to say what a change would do to every chassis, and to who reaches whom."""
    started = time.monotonic()
    found = compiler.look([policy], (), seen)
    if found is None or not found[0] or not (found[1].allowed or found[1].denied):
        raise RuntimeError(f"{policy.key} changes nothing")
    return (time.monotonic() - started) * 1000


def _check(compiler: Watched) -> None:
    if compiler.bugs:
        raise RuntimeError(f"the compiler complains: {compiler.bugs}")


def _sort(flow: Flow) -> str:
    if flow.table == WHO.number:
        return "who"
    return "rules" if flow.table in _RULES else "others"


def _changed(deltas: dict[str, Delta], here: str) -> int:
    """Flows of rules that change on any chassis but one."""
    there = (delta for chassis, delta in deltas.items() if chassis != here)
    flows = (flow for delta in there for flow in (*delta.new, *delta.changed, *delta.gone))
    return sum(_sort(flow) == "rules" for flow in flows)


def _tenants() -> Iterator[Entity]:
    """Twenty tenants of fifty sorts of ten machines each, spread over the hosts."""
    yield from _chassis(HOSTS)
    for tenant in range(PROJECTS):
        yield from _tenant(tenant, "geneve")
        for number in range(SORTS * MACHINES):
            labels = (("app", f"a{number % SORTS}"),)
            host = (number + number // SORTS + tenant) % HOSTS
            yield from _machine(tenant, number, host, labels)


def _policies() -> Iterator[tuple[Policy, tuple[Policy, Policy]]]:
    """Ten policies for every sort, each with two sorts of peers and many ports; and each with two changes."""
    for tenant in (f"p{tenant}" for tenant in range(PROJECTS)):
        sorts = [Machines((tenant,), labels=(Requirement("app", "In", (f"a{at}",)),)) for at in range(SORTS)]
        for at, number in ((at, number) for at in range(SORTS) for number in range(POLICIES_OF_A_SORT)):
            peers = sorts[(at + number + 1) % SORTS], sorts[(at + 2 * number + 3) % SORTS]
            ports = ((80 + number, 80 + number), (8000, 8000 + number))
            others = (Service(TCP, ((99, 99),)),)
            rule, other = (Rule("in", "allow", peers, given) for given in ((Service(TCP, ports),), others))
            key = f"Policy:{tenant}/a{at}-{number}"
            moved = _policy(key, "application", sorts[(at + 1) % SORTS], rule)
            yield _policy(key, "application", sorts[at], rule), (_policy(key, "application", sorts[at], other), moved)


def _policy(key: str, tier: str, applied_to: Machines, rule: Rule) -> Policy:
    kind, _, name = key.partition(":")
    project, _, own = name.partition("/")
    return Policy(key, f"uid-{key}", kind, project, own, tier, 500, (applied_to,), (rule,), None)


def _chassis(count: int) -> Iterator[Entity]:
    tunnels: tuple[tuple[Encap, int], ...] = (("vxlan", 65_001), ("geneve", 65_002))
    return (Chassis(f"hv{at}", at + 1, f"192.0.2.{at + 1}", tunnels) for at in range(count))


def _tenant(tenant: int, encap: Encap) -> Iterable[Entity]:
    name, subnet = f"p{tenant}", Subnet("a", "10.0.0.0/16", None)
    network = Network(f"{name}/{SEGMENT}", f"uid-{name}", name, SEGMENT, "overlay", 1 + tenant, encap, 1450, (subnet,))
    return Project(name, f"uid-{name}"), network


def _machine(
    tenant: int, number: int, host: int, labels: Labels = (), groups: tuple[str, ...] = ()
) -> Iterable[Entity]:
    """A port and where it is plugged in; its number makes its MAC and its address."""
    project, name, (high, low) = f"p{tenant}", f"vm{number}", divmod(number + 256, 256)
    key, ofport = f"{project}/{name}", 10 + number + tenant * SORTS * MACHINES
    mac, addresses = f"02:00:00:00:{high:02x}:{low:02x}", (f"10.0.{high}.{low}",)
    identity = (key, f"uid-{key}", project, name, f"{project}/{SEGMENT}")
    yield Port(*identity, mac, addresses, labels=labels, groups=groups)
    yield Interface(f"hv{host}/t{ofport}", f"hv{host}", f"t{ofport}", ofport, key)
