"""Following a history ends where reading its end at once would."""

from __future__ import annotations

from typing import Any

from desk import Desk, desk, floating, forward, network, port, project, router
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.entities import Door, FloatingIp, Network, Port, Project, Router, Subnet
from controller.errors import Conflict, NotFound, UserError
from controller.intent.state import Intent
from ovsdb.rows import Commit, ResourceChange, ResourceRow


def _network(name: str, cidrs: tuple[str, ...], mode: str) -> dict[str, Any]:
    """A network's document; a bridged one has a segment of its own."""
    return network(name, *cidrs, mode=mode, **({"physical_network": name} if mode == "bridged" else {}))


NAMES = st.sampled_from(("a", "b", "c"))
ADDRESSES = st.none() | st.lists(st.sampled_from(("10.0.0.1", "10.0.0.2", "10.0.0.5", "10.1.0.2")), max_size=2)
PORTS = st.sampled_from((8080, 8081, "8080-8085"))
WAYS = st.builds(lambda kind, name: {kind: name}, st.sampled_from(("router", "network")), NAMES)
CIDRS = st.sampled_from((("10.0.0.0/29",), ("10.1.0.0/28",), ("10.0.0.0/29", "10.1.0.0/28"), ("fd00::/64",)))
MODES = st.sampled_from(("overlay", "overlay", "bridged", "nat", "host-only"))
OUTSIDE = st.none() | st.builds(lambda name: {"network": name}, NAMES)
CHANGES = st.one_of(
    st.builds(_network, NAMES, CIDRS, MODES),
    st.builds(lambda name, on, addresses: port(name, on, addresses=addresses), NAMES, NAMES, ADDRESSES),
    st.builds(lambda name, on, out: router(name, *on, external=out), NAMES, st.sets(NAMES, max_size=2), OUTSIDE),
    st.builds(floating, NAMES, st.none() | NAMES, NAMES),
    st.builds(lambda name, outer, to, via: forward(name, outer, to, **via), NAMES, PORTS, NAMES, WAYS),
    st.tuples(st.sampled_from(("Network", "Port", "Router", "FloatingIP", "PortForward")), NAMES),
)


START = (
    project(),
    network("a", "10.0.0.0/29"),
    network("b", "10.1.0.0/28", mode="bridged", physical_network="b"),
    port("a", "a"),
    router("a", "a", external={"network": "b"}),
    floating("a", "a", "b"),
    forward("a", 8080, "a", router="a"),
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
        office.apply(*START)
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


@settings(deadline=None, max_examples=60)
@given(st.lists(CHANGES, max_size=25))
def test_whatever_was_asked_no_two_are_given_the_same(changes: list[Any]) -> None:
    with desk(quarantine=60) as office:
        office.apply(*START)
        for asked in changes:
            office.time.now += 7
            change(office, asked)
            told = _entities(office.intent)
            for given_to in (_addresses(told), _macs(told), _numbers(told), _vnis(told)):
                assert len(given_to) == len(set(given_to)), given_to


def _addresses(told: list[Any]) -> list[tuple[str, str]]:
    """Who answers for what: every address with the network it is on."""
    found = []
    for each in told:
        match each:
            case Port():
                found += [(each.network, address) for address in each.addresses]
            case FloatingIp():
                found.append((each.network, each.address))
            case Router():
                found += [(leg.network, address) for leg in each.interfaces for address in leg.addresses]
                outside = each.external.addresses if each.external else ()
                by_host = outside and outside[0].startswith("169.254.")
                found += [("hosts", a) if by_host else (each.external.network, a) for a in outside if each.external]
            case Network(mode="host-only"):
                found += [(each.key, subnet.gateway) for subnet in each.subnets]
            case Network(door=Door() as door):
                found += [("hosts", address) for address in door.addresses]
                found += [(each.key, subnet.gateway) for subnet in each.subnets]
    return found


def _macs(told: list[Any]) -> list[tuple[str, str]]:
    """Every MAC with the network it is on."""
    found = []
    for each in told:
        match each:
            case Port() | FloatingIp():
                found.append((each.network, each.mac))
            case Router():
                networks = {leg.network for leg in each.interfaces} | (
                    {each.external.network} if each.external else set()
                )
                found += [(network, each.mac) for network in networks]
            case Network():
                own = (each.gateway_mac, each.door.mac if each.door else None)
                found += [(each.key, mac) for mac in own if mac]
    return found


def _numbers(told: list[Any]) -> list[int]:
    """What conntrack zones are made of."""
    doors = [each.door.number for each in told if isinstance(each, Network) and each.door]
    return [*doors, *(each.number for each in told if isinstance(each, Router))]


def _vnis(told: list[Any]) -> list[int]:
    return [each.vni for each in told if isinstance(each, Network | Router)]


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
    assert set(deletes) == {(Network, "acme/db"), (Project, "acme")}
    assert office.intent.resource(("Project", "", "acme")) is None


def test_rows_of_a_later_version_stay_out_and_are_told() -> None:
    told: list[str] = []
    intent = Intent(lambda resource, why: told.append(f"{resource}: {why}"))
    rows = (
        ResourceRow("Tier", "", "edge", "u1", (), "{}", "{}", 1, "", "", ""),
        ResourceRow("Port", "acme", "p", "u2", (), '{"network": "web", "later": 1}', '{"mac": null}', 1, "", "", ""),
        ResourceRow("Project", "", "acme", "u3", (), '{"quotas": {}}', "{}", 1, "", "", ""),
    )
    intent.follow(Commit(1, tuple(ResourceChange(None, row) for row in rows), initial=True), 0)
    assert [resource.key for resource in intent.resources()] == [("Project", "", "acme")]
    assert [line.partition(":")[0] for line in sorted(told)] == ["Port acme/p", "Tier edge"]


def test_rows_of_an_earlier_version_are_read_as_they_were_meant() -> None:
    """As version 0.1 wrote them: no dhcp, no ra, no physical network, no door."""
    spec = (
        '{"mode":"overlay","vni":null,"encap":null,"mtu":null,'
        '"subnets":[{"name":"v4","cidr":"10.0.0.0/24","gateway":"10.0.0.1"}]}'
    )
    port_spec = (
        '{"network":"web","mac":null,"addresses":null,"allowed_pairs":[],"port_security":true,"admin_up":true,'
        '"binding":null}'
    )
    settled = '{"mac":"02:00:00:00:00:01","addresses":["10.0.0.2"]}'
    rows = (
        ResourceRow("Network", "acme", "web", "u1", (), spec, '{"vni":7,"encap":"vxlan","mtu":1450}', 1, "", "", ""),
        ResourceRow("Port", "acme", "p", "u2", (), port_spec, settled, 1, "", "", ""),
        ResourceRow("Project", "", "acme", "u3", (), '{"quotas":{"networks":3}}', "{}", 1, "", "", ""),
    )
    intent = Intent(_unreadable)
    puts, _ = intent.follow(Commit(1, tuple(ResourceChange(None, row) for row in rows), initial=True), 0)
    subnets = (Subnet("v4", "10.0.0.0/24", "10.0.0.1"),)
    assert Network("acme/web", "u1", "acme", "web", "overlay", 7, "vxlan", 1450, subnets, mtu_open=True) in puts
    assert Port("acme/p", "u2", "acme", "p", "acme/web", "02:00:00:00:00:01", ("10.0.0.2",)) in puts


def _unreadable(resource: str, why: str) -> None:
    raise AssertionError(f"{resource}: {why}")


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


def test_a_project_has_its_name_among_its_labels_as_a_namespace_has(office: Desk) -> None:
    office.apply({**project(), "labels": {"team": "a", "kubernetes.io/metadata.name": "another"}})
    ((found,), _) = office.followed[-1]
    assert found.key == "acme"
    assert found.labels == (("kubernetes.io/metadata.name", "acme"), ("team", "a"))


def test_a_port_has_its_labels(office: Desk) -> None:
    office.apply(project(), network("web"), port("p", labels={"env": "prod", "app": "web"}))
    (found,) = (entity for entity in office.followed[-1][0] if isinstance(entity, Port))
    assert found.labels == (("app", "web"), ("env", "prod"))
