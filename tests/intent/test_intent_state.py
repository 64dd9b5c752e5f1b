"""Following a history ends where reading its end at once would."""

from __future__ import annotations

from typing import Any

from desk import Desk, desk, network, port, project
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.entities import Network, Port
from controller.errors import Conflict, NotFound, UserError
from controller.intent.state import Intent
from ovsdb.rows import Commit, ResourceChange, ResourceRow

NAMES = st.sampled_from(("a", "b", "c"))
ADDRESSES = st.none() | st.lists(st.sampled_from(("10.0.0.1", "10.0.0.2", "10.0.0.5", "10.1.0.2")), max_size=2)
CIDRS = st.sampled_from((("10.0.0.0/29",), ("10.1.0.0/28",), ("10.0.0.0/29", "10.1.0.0/28"), ("fd00::/64",)))
CHANGES = st.one_of(
    st.builds(lambda name, cidrs: network(name, *cidrs), NAMES, CIDRS),
    st.builds(lambda name, on, addresses: port(name, on, addresses=addresses), NAMES, NAMES, ADDRESSES),
    st.tuples(st.sampled_from(("Network", "Port")), NAMES),
)


def change(office: Desk, asked: Any) -> None:
    try:
        if isinstance(asked, tuple):
            office.delete(asked[0], f"acme/{asked[1]}")
        else:
            office.apply(asked)
    except (Conflict, NotFound):
        return  # most random changes are refused, and none is a bug
    except UserError as error:
        if error.status != UserError.status:
            raise


def everything(intent: Intent) -> tuple[Any, ...]:
    return (
        {resource.key: (resource.row, resource.spec, resource.allocated) for resource in intent.resources()},
        {space: dict(owners) for space, owners in intent.claims._owners.items()},  # noqa: SLF001 - the indexes are the subject
        {key: set(referrers) for key, referrers in intent._referrers.items()},  # noqa: SLF001
        {where: list(names) for where, names in intent.names._names.items() if names},  # noqa: SLF001
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(CHANGES, max_size=25))
def test_a_followed_history_equals_its_end_read_at_once(changes: list[Any]) -> None:
    with desk() as office:
        office.apply(project())
        for asked in changes:
            change(office, asked)
        fresh = Intent(lambda *_: None)
        rows = tuple(ResourceChange(None, row) for row in office.database.rows.values())
        fresh.follow(Commit(office.database.revision, rows, initial=True), 0)
        assert everything(fresh) == everything(office.intent)
        told = dict[Any, Any]()
        for puts, deletes in office.followed:
            told.update({(type(entity), entity.key): entity for entity in puts})
            for key in deletes:
                told.pop(key, None)
        assert told == {(type(entity), entity.key): entity for entity in _entities(fresh)}


def _entities(intent: Intent) -> list[Any]:
    again = Intent(lambda *_: None)
    rows = tuple(ResourceChange(None, resource.row) for resource in intent.resources())
    return list(again.follow(Commit(1, rows, initial=True), 0)[0])


def test_no_claim_is_shared(office: Desk) -> None:
    office.apply(project(), network("web", "10.0.0.0/24", "fd00::/64"), *(port(f"p{index}") for index in range(50)))
    ports = [entity for entity in office.followed[-1][0] if isinstance(entity, Port)]
    addresses = [address for each in ports for address in each.addresses]
    assert len(set(addresses)) == len(addresses) == 100
    assert len({each.mac for each in ports}) == 50


def test_a_new_beginning_tells_what_is_gone(office: Desk) -> None:
    office.apply(project(), network("web", "10.0.0.0/24"), network("db"))
    web = office.database.rows["Network", "acme", "web"]
    puts, deletes = office.intent.follow(Commit(9, (ResourceChange(None, web),), initial=True), 0)
    assert [entity.key for entity in puts if isinstance(entity, Network)] == ["acme/web"]
    assert deletes == ((Network, "acme/db"),)
    assert office.intent.resource(("Project", "", "acme")) is None


def test_rows_of_a_later_version_stay_out_and_are_told() -> None:
    told: list[str] = []
    intent = Intent(lambda resource, why: told.append(f"{resource}: {why}"))
    rows = (
        ResourceRow("Router", "acme", "edge", "u1", (), "{}", "{}", 1, "", "", ""),
        ResourceRow("Port", "acme", "p", "u2", (), '{"network": "web", "later": 1}', '{"mac": null}', 1, "", "", ""),
        ResourceRow("Project", "", "acme", "u3", (), '{"quotas": {}}', "{}", 1, "", "", ""),
    )
    intent.follow(Commit(1, tuple(ResourceChange(None, row) for row in rows), initial=True), 0)
    assert [resource.key for resource in intent.resources()] == [("Project", "", "acme")]
    assert [line.partition(":")[0] for line in sorted(told)] == ["Port acme/p", "Router acme/edge"]


def test_names_can_be_read_while_they_change(office: Desk) -> None:
    office.apply(project(), *(port(f"p{index}") for index in range(5)))
    seen = []
    for name in office.intent.names.after("Port", "acme"):
        seen.append(name)
        if name == "p1":
            office.delete("Port", "acme/p1")
            office.delete("Port", "acme/p2")
            office.apply(port("p30"))
    assert seen == ["p0", "p1", "p3", "p30", "p4"]
