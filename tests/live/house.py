"""A house for what lives: two machines, a policy or two, switches that track what a test says, and what they are told.

Frames that are emitted are taken as Open vSwitch takes them: they mark the connection that they quote.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from scapy.layers.inet import ICMPerror, IPerror, TCPerror, UDPerror
from scapy.layers.l2 import Ether

from apps.policy_tables import REHEARSED, TALLY
from apps.registers import RULE
from controller.errors import DatabaseError, SwitchError
from controller.flow.codec import Term, match_terms
from controller.flow.tracking import Ct
from controller.live.live import Live
from controller.live.marking import Hands
from controller.live.statistics import Tables
from controller.policy.values import TCP, Machines, Policy, Requirement, Rule, Service
from controller.southbound.flow_counts import FlowCount
from controller.zones import PORTS
from tests.compiled import RULES, Watched
from tests.worlds import chassis, network, plugged, port, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.compiler.past import Glimpse
    from controller.entities import Entity
    from controller.flow.actions import Action
    from controller.live.connections import Connection
    from controller.preview import Change

T = TypeVar("T")
ZERO = (0, 0, 100.0, 100.0)
WEB, DB = "acme/web-1", "acme/db-1"
TABLES = Tables(TALLY.number, REHEARSED.number, RULE)
NAMES = {6: "tcp", 17: "udp", 1: "icmp"}


def applying(app: str) -> tuple[Machines, ...]:
    return (Machines(("acme",), labels=(Requirement("app", "In", (app,)),)),)


def policy(*ports: int, cut: bool = True, **more: Any) -> Policy:
    """Who is web reaches the database's ports, and nobody else does."""
    services = tuple(Service(TCP, ((number, number),)) for number in ports)
    rule = Rule("pg", "allow", applying("web"), services)
    fields: dict[str, Any] = {"ingress": (rule,) if ports else (), "egress": None, "cut": cut, **more}
    return Policy("Policy:acme/db", "u", "Policy", "acme", "db", "application", 100, applying("db"), **fields)


@dataclass(frozen=True)
class Entry:
    """What a switch tracks in a zone, begun by web-1 at 10.0.0.1 towards db-1 at 10.0.0.2."""

    ofport: int
    sport: int
    dport: int
    mark: int = 0
    protocol: int = 6
    state: str = "ESTABLISHED"

    def line(self) -> str:
        there, back = (
            ((f"sport={self.sport},dport={self.dport}"), (f"sport={self.dport},dport={self.sport}"))
            if self.protocol != 1
            else (f"id={self.sport},type=8,code=0", f"id={self.sport},type=0,code=0")
        )
        mark = f",mark={self.mark}" if self.mark else ""
        state = f",protoinfo=(state={self.state})" if self.protocol == 6 else ""
        ends = f"orig=(src=10.0.0.1,dst=10.0.0.2,{there}),reply=(src=10.0.0.2,dst=10.0.0.1,{back})"
        return f"{NAMES[self.protocol]},{ends},zone={PORTS + self.ofport}{mark}{state}\n"


@dataclass
class House:
    """Web-1 on hv1 port 1, db-1 on hv2 port 2; ``tracked`` is what each host's switch tracks."""

    tracked: dict[str, list[Entry]] = field(default_factory=lambda: {"hv1": [], "hv2": []})
    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    during: dict[float, Entry] = field(default_factory=dict)
    counted: dict[tuple[str, int], tuple[int, int, float, float]] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self.built = Watched(RULES)
        news: SimpleQueue[None] = SimpleQueue()
        hands = Hands(
            emit=self.emit,
            publish=lambda *event: self.told.append(event),
            late=lambda names, _: frozenset(names & self.away),
            present=lambda name: name not in self.away,
            after=lambda call: call(),
            moved=lambda: None,
            sleep=self.sleep,
        )
        self.live = Live(self.built.store, self, self, TABLES, hands, news)
        self.news = news
        ports = (
            port(WEB, "acme/net", 1, labels=(("app", "web"),)),
            port(DB, "acme/net", 2, labels=(("app", "db"),)),
        )
        plugs = (plugged(WEB, "hv1", 1), plugged(DB, "hv2", 2))
        self.put(*world((chassis(1), chassis(2), network("acme/net", 0x101), *ports, *plugs)).values())

    def put(self, *entities: Entity) -> None:
        self.live.compiled(self.built.run(entities, ()).changed)

    def delete(self, kind: type, key: str) -> None:
        self.live.compiled(self.built.run((), ((kind, key),)).changed)

    def tried(self, change: Change, look: Callable[[Glimpse], T]) -> T:
        """What somebody makes of a change that is not made."""
        found = self.built.look(change.puts, change.deletes, look)
        assert found is not None
        return found

    def sleep(self, seconds: float) -> None:
        """Time goes by, in which db-1 may be spoken to."""
        if seconds in self.during:
            self.tracked["hv2"].append(self.during.pop(seconds))

    def connections(self, name: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """As ``Hosts`` does."""
        self.asked += 1
        if name in self.away | self.mute:
            raise DatabaseError(f"{name} is away")
        found = [one.line() for one in self.tracked[name] if zone in {None, PORTS + one.ofport}]
        take("".join(found).encode())

    def ask(self, chassis: str, table: int, match: bytes = b"", *, seconds: float = 0.0) -> tuple[FlowCount, ...]:
        """What flows have counted, as a switch says it: every hundredth of the flow's own numbers."""
        del seconds
        if chassis in self.away:
            raise SwitchError(f"{chassis} is not connected")
        wanted = [(term.field, term.value, term.mask) for term in match_terms(match) if isinstance(term, Term)]
        flows = [flow for flow in self.built.flows(chassis).values() if flow.table == table]
        return tuple(
            FlowCount(flow.table, flow.priority, flow.match, flow.cookie, *self.counted.get((chassis, number), ZERO))
            for flow in flows
            for number in (_rule(flow.match),)
            if all(field is not RULE or number & mask == value for field, value, mask in wanted)
        )

    def emit(self, name: str, frame: bytes, actions: tuple[Action, ...]) -> bool:
        """A switch takes a frame."""
        (action,) = actions
        assert isinstance(action, Ct)
        inner = Ether(frame)[IPerror]
        quoted = next(inner[layer] for layer in (TCPerror, UDPerror, ICMPerror) if layer in inner)
        ends = (quoted.id, 0) if quoted.name.startswith("ICMP") else (quoted.sport, quoted.dport)
        key = (action.zone, inner.proto, *ends)
        self.tracked[name] = [
            replace(one, mark=int(str(action.mark))) if _key(one) == key else one for one in self.tracked[name]
        ]
        return True

    def ports(self, *keys: str) -> list[Connection]:
        return self.live.connections.read(keys)[0]

    def cut(self) -> set[tuple[str, int]]:
        """The connections that are cut, by host and source port."""
        return {(name, one.sport) for name, entries in self.tracked.items() for one in entries if one.mark & 2}

    def review(self) -> None:
        """What the greenlet does when there is news; nothing where there is none."""
        while self.news.qsize():
            self.news.get()
            self.live.cutting.review()


def _rule(match: bytes) -> int:
    return next((t.value for t in match_terms(match) if isinstance(t, Term) and t.field is RULE), 0)


def _key(one: Entry) -> tuple[int, int, int, int]:
    return PORTS + one.ofport, one.protocol, one.sport, one.dport if one.protocol != 1 else 0
