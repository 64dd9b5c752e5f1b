"""What the engine promises besides right flows: faults stay where they are and nothing runs for nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controller.compiler.engine import Engine, Feature, Relation
from controller.derived import Presence
from controller.entities import Network
from controller.flow.actions import instructions, output
from controller.flow.flow import Flow, Here, cookie
from controller.store import Index, Store
from tests.worlds import network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View

INDEXES: dict[type, tuple[Index, ...]] = {Network: (Index("encap", lambda n: (n.encap,)),)}


def flow(number: int) -> Flow:
    does = instructions((output(number),))
    return Flow(Here("hv1"), 1, 1, bytes((number,)), does, cookie(1, 1, bytes((number,)), does))


@dataclass
class Watched:
    """Rules that say how often they ran, and an engine that says what went wrong and how often it breathed."""

    runs: list[str] = field(default_factory=list)
    reports: list[tuple[str, str, str]] = field(default_factory=list)
    breaths: list[None] = field(default_factory=list)

    def modes(self, of: Network, _view: View) -> Iterator[Presence]:
        """One row that depends on the mode alone."""
        self.runs.append(f"modes {of.key}")
        yield Presence(of.key, of.mode, of.key, "hv1")

    def from_mode(self, row: Presence, view: View) -> Iterator[Flow]:
        self.runs.append(f"from_mode {row.key}")
        if row.network == "broken":
            raise ZeroDivisionError
        view.get(Network, "acme/web")
        yield flow(1)

    def of_encap(self, of: Network, view: View) -> Iterator[Flow]:
        self.runs.append(f"of_encap {of.key}")
        yield flow(10 + view.count(Network, "encap", of.encap))

    def engine(self) -> Engine:
        relations = [Relation("modes", Network, Presence, self.modes)]
        features = [Feature("from_mode", Presence, self.from_mode), Feature("of_encap", Network, self.of_encap)]
        return Engine(Store(INDEXES), relations, features, self._report, lambda: self.breaths.append(None))

    def _report(self, rule: str, key: str, error: Exception) -> None:
        self.reports.append((rule, key, type(error).__name__))


def web(**fields: Any) -> Network:
    made = network("acme/web", 1)
    return Network(**({name: getattr(made, name) for name in made.__slots__} | fields))


def test_a_relation_whose_rows_come_out_equal_stops_the_wave() -> None:
    watched = Watched()
    engine = watched.engine()
    engine.run([web()], [])
    watched.runs.clear()
    outcome = engine.run([web(vni=2)], [])
    assert "modes acme/web" in watched.runs
    assert not outcome.added
    assert not outcome.removed


def test_what_is_put_as_it_was_runs_nothing() -> None:
    watched = Watched()
    engine = watched.engine()
    engine.run([web()], [])
    watched.runs.clear()
    assert engine.run([web()], [(Network, "acme/other")]).changed == set()
    assert watched.runs == []


def test_who_counted_members_runs_again_when_one_comes() -> None:
    watched = Watched()
    engine = watched.engine()
    engine.run([web()], [])
    outcome = engine.run([network("acme/db", 2)], [])
    assert {added.match for added, _ in outcome.added} >= {flow(12).match}
    assert [gone.match for gone, _ in outcome.removed] == [flow(11).match]


def test_a_bug_empties_its_own_fragment_and_is_told() -> None:
    watched = Watched()
    engine = watched.engine()
    engine.run([web()], [])
    outcome = engine.run([web(mode="broken")], [])
    assert watched.reports == [("from_mode", "acme/web", "ZeroDivisionError")]
    assert [gone for gone, _ in outcome.removed] == [flow(1)]
    assert [added for added, _ in engine.run([web()], []).added] == [flow(1)]


def test_a_missing_referent_means_no_flows_and_heals_by_itself() -> None:
    watched = Watched()
    engine = watched.engine()
    outcome = engine.run([network("acme/db", 2)], [])
    assert flow(1) not in [added for added, _ in outcome.added]
    outcome = engine.run([web()], [])
    assert {node.key for added, node in outcome.added if added == flow(1)} == {"acme/db", "acme/web"}
    assert watched.reports == []


def test_a_long_run_lets_others_run() -> None:
    watched = Watched()
    watched.engine().run([network(f"acme/n{number}", number) for number in range(640)], [])
    assert len(watched.breaths) >= 20


def test_an_engine_tells_whose_a_fragment_is() -> None:
    watched = Watched()
    engine = watched.engine()
    outcome = engine.run([web()], [])
    owners = {engine.owner(node) for node in outcome.touched}
    assert owners == {("from_mode", Presence, "acme/web"), ("of_encap", Network, "acme/web")}
