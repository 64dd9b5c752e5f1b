"""What applies to a port guards it, tier by tier; whom rules speak of is found; and no more is done than must be."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from apps import registry
from apps.rulings import plain_blocks
from controller.compiler.compiler import Rules
from controller.entities import Port
from controller.policy.derived import (
    Found,
    Guard,
    Member,
    Outline,
    Placement,
    Post,
    Posture,
    Rank,
    Ruling,
    Stage,
    Standing,
)
from controller.policy.values import TCP, UDP, AddressGroup, Block, Listed, Machines, Policy, Rule, Service, Tier
from tests.compiled import Watched
from tests.guarded_worlds import ACME, DB, KNOWN, LATE, OTHERS, POSTGRES, RED, WEB, guarded_world, policy
from tests.worlds import changed, plugged, port, with_more, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.policy.values import Direction
    from tests.worlds import World

WEB_1, DB_1, DB_2, PLAIN = "acme/web-1", "acme/db-1", "acme/db-2", "acme/plain"
ALL = Machines(ACME)
RELATIONS = Rules(registry.INDEXES, registry.RELATIONS, ())


def ground() -> World:
    """The guarded world without its policies."""
    return {key: entity for key, entity in guarded_world().items() if key[0] is not Policy}


def compiled(world: World) -> Watched:
    """The relations alone, of this world."""
    compiler = Watched(RELATIONS)
    compiler.turn(world.values())
    assert compiler.bugs == []
    return compiler


def guarded(*policies: Policy) -> Watched:
    return compiled(with_more(ground(), *policies))


def guard(compiler: Watched, key: str, direction: Direction = "ingress") -> Guard | None:
    """That of a port."""
    member: Any = compiler.store.get(Member, key)
    posture: Any = compiler.store.get(Posture, f"{member.identity}|{direction}")
    return compiler.store.get(Guard, posture.guard) if posture else None


def stages(compiler: Watched, key: str, direction: Direction = "ingress") -> list[tuple[str, bool]]:
    """The tiers that a port's packets go through, and whether each lets on."""
    found = guard(compiler, key, direction)
    return [(stage.tier, stage.lets_on) for stage in found.stages] if found else []


def standing(compiler: Watched, key: str) -> Standing:
    found: Any = compiler.store.get(Standing, key)
    assert isinstance(found, Standing)
    return found


def placements(compiler: Watched, key: str, direction: Direction = "ingress") -> list[Placement]:
    """The rules that a port's guard tries, in order."""
    there = guard(compiler, key, direction)
    every: Iterable[Any] = (compiler.store.get(Placement, name) for name in compiler.store.keys(Placement))
    return sorted((one for one in every if there and one.guard == there.key), key=_order)


def _order(placement: Placement) -> tuple[int, int]:
    return placement.stage, placement.place


def rule(name: str, action: Any = "allow", *peers: Any, services: tuple[Service, ...] = ()) -> Rule:
    return Rule(name, action, peers or None, services)


def founds(compiler: Watched, policy: Policy, direction: Direction = "egress") -> list[Found]:
    ruling: Any = compiler.store.get(Ruling, policy.key)
    return [found for one in ruling.rules(direction) for found in one]


def number(compiler: Watched, key: str) -> int:
    """That of a port's identity."""
    return standing(compiler, key).identity


def test_a_port_is_guarded_in_the_directions_that_a_policy_speaks_of() -> None:
    compiler = guarded(policy("Policy", "acme/in", "application", (DB,), ingress=()))
    assert stages(compiler, DB_1) == [("application", False)]
    assert standing(compiler, DB_1).ingress > 0
    assert standing(compiler, DB_1).egress == 0
    assert standing(compiler, WEB_1).guards == ()


def test_tiers_are_gone_through_by_their_order_and_those_of_nobody_are_left_out() -> None:
    compiler = guarded(
        policy("BaselineAdminNetworkPolicy", "default", "baseline-admin-network-policy", (ALL,), ingress=(rule("x"),)),
        policy("AdminNetworkPolicy", "a", "admin-network-policy", (ALL,), ingress=(rule("x"),)),
        policy("Policy", "acme/late", "late", (DB,), ingress=(rule("x"),)),
        policy("SecurityGroup", "acme/red", "security-groups", (RED,), ingress=(), egress=()),
    )
    admin, baseline = ("admin-network-policy", True), ("baseline-admin-network-policy", True)
    assert stages(compiler, DB_1) == [admin, ("late", False), baseline]
    assert stages(compiler, "acme/pair") == [admin, ("security-groups", False), baseline]


def test_of_a_tier_that_does_not_exist_nobody_knows_what_it_says_so_nothing_passes_and_all_heals() -> None:
    lost = policy("Policy", "acme/lost", "late", (DB,), ingress=(rule("all"),))
    compiler = compiled(
        without(with_more(ground(), lost, policy("Policy", "acme/in", "application", (DB,))), Tier, "late")
    )
    assert stages(compiler, DB_1) == [("late", False)]
    assert placements(compiler, DB_1) == []
    compiler.turn([LATE])
    assert [one.founds[0].name for one in placements(compiler, DB_1)] == ["all"]


def test_who_is_of_a_group_that_does_not_exist_gets_nothing_until_it_does() -> None:
    compiler = guarded(policy("Policy", "acme/in", "application", (RED,), ingress=(rule("all"),)))
    closed = ("security-groups", False)
    assert stages(compiler, "acme/pair") == [("application", False), closed]
    assert stages(compiler, "acme/pair", "egress") == [closed]
    compiler.turn([policy("SecurityGroup", "acme/red", "security-groups", (RED,), ingress=(rule("x"),), egress=())])
    assert [one.founds[0].name for one in placements(compiler, "acme/pair")] == ["all", "x"]


def test_stage_numbers_count_up_from_the_guard_s_and_the_rehearsal_begins_behind_the_end() -> None:
    tried = policy("Policy", "acme/tried", "application", (DB,), ingress=(rule("tried", "deny"),), audit=True)
    compiler = guarded(tried, policy("Policy", "acme/late", "late", (DB,), ingress=(rule("late"),)))
    there = guard(compiler, DB_1)
    assert there is not None
    assert there.stages == (Stage("late", ("Policy:acme/late",), lets_on=False),)
    assert [stage.tier for stage in there.rehearsal] == ["application", "late"]
    found = [(one.stage - there.number, one.following - there.number) for one in placements(compiler, DB_1)]
    assert found == [(0, 1), (2, 3), (3, 4)]
    assert [(one.founds[0].name, one.enforced, one.audited) for one in placements(compiler, DB_1)] == [
        ("late", True, False),
        ("tried", False, True),
        ("late", False, False),
    ]


def test_what_is_only_tried_enforces_nothing() -> None:
    compiler = guarded(policy("Policy", "acme/t", "application", (DB,), ingress=(rule("x", "deny"),), audit=True))
    assert stages(compiler, DB_1) == []
    assert standing(compiler, DB_1).ingress > 0


def test_in_a_tier_priority_goes_first_then_deny_reject_pass_allow() -> None:
    actions = ("allow", "pass", "reject", "deny")
    mixed = policy("Policy", "acme/a", "application", (DB,), ingress=tuple(rule(one, one) for one in actions))
    urgent = policy("Policy", "acme/z", "application", (DB,), priority=1, ingress=(rule("first"),))
    found = [one.founds[0].name for one in placements(guarded(mixed, urgent), DB_1)]
    assert found == ["first", "deny", "reject", "pass", "allow"]


def test_in_a_listed_tier_rules_are_tried_as_they_are_written() -> None:
    names = ("c", "a", "b")
    written = tuple(rule(name, action) for name, action in zip(names, ("allow", "deny", "pass"), strict=True))
    listed = policy("AdminNetworkPolicy", "z", "admin-network-policy", (ALL,), priority=1, ingress=written)
    later = policy("AdminNetworkPolicy", "a", "admin-network-policy", (ALL,), priority=2, ingress=(rule("last"),))
    assert [one.founds[0].name for one in placements(guarded(listed, later), DB_1)] == ["c", "a", "b", "last"]


def test_peers_are_found_by_what_they_are() -> None:
    web, known = rule("web", "allow", WEB, RED), rule("known", "allow", Listed("acme/known"), Listed("acme/none"))
    asked = policy("Policy", "acme/x", "application", (DB,), egress=(web, known, rule("others", "allow", OTHERS)))
    compiler = guarded(asked)
    machines, addresses, others = founds(compiler, asked)
    assert set(machines.identities) == {number(compiler, WEB_1), number(compiler, "acme/pair")}
    assert set(addresses.blocks) == set(KNOWN.cidrs)
    assert set(others.identities) == {number(compiler, "beta/web-1"), number(compiler, "beta/web-2")}


def test_anybody_any_machine_and_nobody_are_three_things() -> None:
    rules = (Rule("anybody", "allow", None), Rule("machines", "allow", (Machines(None),)), Rule("nobody", "allow", ()))
    asked = policy("Policy", "acme/x", "application", (DB,), ingress=rules)
    found = founds(guarded(asked), asked, "ingress")
    assert [(one.anybody, one.machines) for one in found] == [(True, False), (False, True), (False, False)]
    assert not any((*one.identities, *one.blocks) for one in found)


def test_ports_named_by_those_guarded_are_theirs_and_a_rule_for_names_that_nobody_has_is_left_out() -> None:
    asked = policy("Policy", "acme/x", "application", (DB, Machines(ACME, networks=("acme/db",))))
    asked = replace(asked, ingress=(rule("pg", services=POSTGRES),))
    compiler = guarded(asked)
    services = [placements(compiler, key)[0].founds[0].services for key in (DB_1, DB_2)]
    assert services == [(Service(TCP, ((5432, 5432),)),), (Service(TCP, ((5433, 5433),)),)]
    assert placements(compiler, PLAIN) == []
    assert stages(compiler, PLAIN) == [("application", False)]


def test_ports_named_by_those_who_are_asked_are_told_apart() -> None:
    asked = policy("Policy", "acme/x", "application", (WEB,))
    services = (Service(TCP, ((22, 22),), names=("pg",)), Service(UDP, names=("pg",)))
    asked = replace(asked, egress=(rule("pg", "allow", DB, Block("10.7.0.0/16"), services=services),))
    compiler = guarded(asked)
    plain, *named = founds(compiler, asked)
    assert (plain.services, plain.blocks) == ((Service(TCP, ((22, 22),)),), ("10.7.0.0/16",))
    assert {(one.identities, one.services, one.blocks) for one in named} == {
        ((number(compiler, DB_1),), (Service(TCP, ((5432, 5432),)),), ()),
        ((number(compiler, DB_2),), (Service(TCP, ((5433, 5433),)),), ()),
    }


@given(
    st.integers(16, 24),
    st.lists(st.tuples(st.integers(0, 255), st.integers(20, 32)), max_size=4),
    st.lists(st.integers(0, (1 << 16) - 1), min_size=1, max_size=30),
)
def test_a_block_with_holes_is_blocks_that_hold_the_same(
    length: int, holes: list[tuple[int, int]], offsets: list[int]
) -> None:
    block = ip_network(f"10.1.0.0/{length}")
    without_these = [ip_network(f"10.1.{octet}.0/{bits}", strict=False) for octet, bits in holes]
    plain = [ip_network(one) for one in plain_blocks(str(block), tuple(map(str, without_these)))]
    for offset in [*offsets, *(int(hole[0]) & 0xFFFF for hole in without_these)]:
        address = ip_address("10.1.0.0") + offset
        wanted = address in block and not any(address in hole for hole in without_these)
        assert sum(address in one for one in plain) == wanted


def test_a_chassis_has_a_guard_while_it_has_ports_with_it() -> None:
    compiler = guarded(policy("Policy", "acme/in", "application", (DB,), ingress=()))
    there: Any = guard(compiler, DB_1)
    assert guard(compiler, DB_2) == there
    assert compiler.store.groups(Post, "guard", there.key) == {"hv1", "hv2"}
    compiler.turn([plugged(DB_1, "hv2", 30, seen=9)])
    assert compiler.store.groups(Post, "guard", there.key) == {"hv2"}


def touched(compiler: Watched, *puts: Any) -> set[type]:
    """The kinds of what changes with these."""
    return {read[1] for read in compiler.run(puts, ()).changed if read[0] == "get"}


def test_a_machine_more_of_a_known_sort_changes_no_guard_and_no_rule() -> None:
    compiler = compiled(guarded_world())
    more = replace(port("acme/web-9", "acme/web", 9), labels=(("app", "web"),))
    kinds = touched(compiler, more, plugged("acme/web-9", "hv1", 40))
    assert {Member, Standing} <= kinds
    assert not kinds & {Outline, Posture, Guard, Post, Rank, Ruling, Placement}


def test_a_rule_that_asks_for_something_else_changes_nothing_but_where_it_is_tried() -> None:
    compiler = compiled(guarded_world())
    (old,) = [one for one in guarded_world().values() if one.key == "Policy:acme/db"]
    assert isinstance(old, Policy)
    assert old.ingress is not None
    first, *others = old.ingress
    new = replace(old, ingress=(replace(first, peers=(WEB,)), *others))
    assert touched(compiler, new) == {Policy, Ruling, Placement}


def test_addresses_of_a_group_change_the_rules_that_list_it_and_no_guard() -> None:
    compiler = compiled(guarded_world())
    assert touched(compiler, AddressGroup(KNOWN.key, KNOWN.uid, ("10.0.0.9/32",))) == {AddressGroup, Ruling, Placement}


def test_a_rule_more_leaves_the_others_where_they_are() -> None:
    written = tuple(rule(f"r{number}", "allow", WEB) for number in range(40))
    asked = policy("Policy", "acme/x", "application", (DB,), ingress=written)
    before = {one.founds[0].name: one.place for one in placements(guarded(asked), DB_1)}
    more = replace(asked, ingress=(rule("new", "allow", WEB), *written))
    after = {one.founds[0].name: one.place for one in placements(guarded(more), DB_1)}
    moved = [name for name, place in before.items() if after[name] != place]
    assert len(moved) <= len(written) // 10
    assert len(set(after.values())) == len(written) + 1


def test_a_label_that_no_policy_asks_for_changes_nobody_s_guard() -> None:
    compiler = compiled(guarded_world())
    before = guard(compiler, WEB_1)
    compiler.turn(changed(guarded_world(), Port, WEB_1, labels=(("app", "web"), ("owner", "me"))).values())
    assert guard(compiler, WEB_1) == before
