"""Ports that no selector can tell apart have one number, everywhere and after every restart; others never share one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from apps import identities
from controller.entities import Port, Project
from controller.policy import numbers
from controller.policy.derived import Identity, Member, Standing
from controller.policy.numbers import MACHINE, hashed
from controller.policy.values import Machines, Rule
from tests.compiled import Watched, compiled
from tests.guarded_worlds import ACME, policy
from tests.worlds import changed, port, project, small_world, with_more, without

if TYPE_CHECKING:
    from tests.worlds import World

WEB_1, WEB_2 = "acme/web-1", "acme/web-2"


def identity(compiler: Watched, key: str) -> Identity:
    """That of a port."""
    member: Any = compiler.store.get(Member, key)
    found: Any = compiler.store.get(Identity, member.identity)
    assert isinstance(found, Identity)
    return found


def stored(compiler: Watched, key: str) -> int:
    """The number of an identity by its key."""
    found: Any = compiler.store.get(Identity, key)
    return int(found.number)


def numbers_of(world: World) -> dict[str, int]:
    compiler = compiled(world)
    return {key: identity(compiler, key).number for key in compiler.store.keys(Member)}


def test_ports_alike_share_a_number_that_says_machine() -> None:
    found = numbers_of(small_world())
    assert found[WEB_1] == found[WEB_2] == found["acme/pair"]
    assert all(number & MACHINE and number < 1 << 32 for number in found.values())
    assert found[WEB_1] not in {found["acme/db-1"], found["beta/web-1"]}, "another network, another tenant"


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": (("app", "web"),)},
        {"groups": ("acme/red",)},
        {"named_ports": (("http", 6, 80),)},
        {"network": "acme/db"},
    ],
)
def test_whatever_a_selector_can_ask_for_tells_ports_apart(fields: dict[str, object]) -> None:
    before, after = numbers_of(small_world()), numbers_of(changed(small_world(), Port, WEB_1, **fields))
    assert after[WEB_1] != before[WEB_1]
    assert after[WEB_2] == before[WEB_2]


def test_what_no_selector_can_ask_for_tells_nobody_apart() -> None:
    fields = {"mac": "02:00:00:00:00:77", "addresses": ("10.0.0.77",), "admin_up": False}
    assert numbers_of(changed(small_world(), Port, WEB_1, **fields)) == numbers_of(small_world())


def test_a_port_that_a_selector_names_is_alone_until_none_does() -> None:
    peer = Rule("one", "allow", (Machines(ACME, ports=(WEB_1,)),))
    naming = policy("Policy", "acme/one", "application", (Machines(ACME, networks=("acme/db",)),), ingress=(peer,))
    compiler = compiled(small_world())
    alike = identity(compiler, WEB_1)
    compiler.turn([naming])
    assert identity(compiler, WEB_1).port == WEB_1
    assert identity(compiler, WEB_2) == alike
    compiler.turn([], [(type(naming), naming.key)])
    assert identity(compiler, WEB_1) == alike


def test_an_identity_is_there_while_it_has_ports() -> None:
    compiler = compiled(changed(small_world(), Port, WEB_1, labels=(("app", "web"),)))
    key = identity(compiler, WEB_1).key
    compiler.turn([], [(Port, WEB_1)])
    assert compiler.store.get(Identity, key) is None


def test_of_two_with_one_hash_the_first_by_name_keeps_it_and_the_other_gets_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (numbers, identities):
        monkeypatch.setattr(module, "hashed", _crowded)
    compiler = compiled(small_world())
    keys = sorted(compiler.store.keys(Identity))
    found = [stored(compiler, key) for key in keys]
    assert len(set(found)) == len(keys) > 1
    assert found[0] == MACHINE | 5
    for key in (WEB_1, WEB_2, "acme/pair", "acme/open", "acme/db-1", "acme/db-2", "acme/plain"):
        compiler.turn([], [(Port, key)])
    (left,) = compiler.store.keys(Identity)
    assert left == keys[-1]
    assert stored(compiler, left) == MACHINE | 5


def _crowded(name: str, bits: int, salt: bytes = b"first") -> int:
    """All first hashes are one."""
    return 5 if salt == b"first" else hashed(name, bits, salt)


def test_a_port_of_a_project_that_is_not_known_is_nobody_until_it_is() -> None:
    compiler = compiled(without(small_world(), Project, "acme"))
    assert {compiler.store.get(Standing, key) for key in ("acme/web-1", "acme/db-1")} == {None}
    assert compiler.store.get(Standing, "beta/web-1") is not None
    compiler.turn([project("acme")])
    assert stored(compiler, identity(compiler, WEB_1).key) == numbers_of(small_world())[WEB_1]
    changes = compiler.run([project("acme", ("env", "prod"))], ()).changed
    assert not {read for read in changes if read[1] in {Member, Identity, Standing}}


def test_one_port_more_of_a_known_identity_is_nobody_s_business_but_its_own() -> None:
    compiler = compiled(small_world())
    more = port("acme/web-9", "acme/web", 9)
    changes = compiler.run([more], ()).changed
    assert {read[2] for read in changes if read[:2] == ("get", Identity)} == set()
    assert {read[2] for read in changes if read[:2] == ("get", Member)} == {"acme/web-9"}
    assert numbers_of(with_more(small_world(), more))["acme/web-9"] == identity(compiler, WEB_1).number
