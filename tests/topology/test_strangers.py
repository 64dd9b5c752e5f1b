"""Strangers: MACs that no port of a bridge has, each where it was heard last, and few of a port."""

from __future__ import annotations

from tests.topology.floor import A1, A2, B1, VM
from topology.strangers import MOST_OF_A_PORT, Strangers


def test_a_mac_is_no_stranger_while_any_port_has_it() -> None:
    strangers = Strangers()
    strangers.ours(VM)
    strangers.ours(VM)
    strangers.ours_no_more(VM)
    strangers.heard(VM, A1)
    assert not strangers.at(A1)
    strangers.ours_no_more(VM)
    strangers.heard(VM, A1)
    assert strangers.at(A1)


def test_a_stranger_that_turns_out_to_be_a_port_leaves_where_it_was_heard() -> None:
    strangers = Strangers()
    strangers.heard(VM, A1)
    assert strangers.ours(VM) == A1
    assert not strangers.at(A1)


def test_a_stranger_lives_where_it_was_heard_last_and_nowhere_once_its_port_went_down() -> None:
    strangers = Strangers()
    assert strangers.heard(VM, A1) is None
    assert strangers.heard(VM, B1) == A1
    assert (strangers.at(A1), strangers.at(B1)) == (False, True)
    strangers.forget(B1)
    assert not strangers.at(B1)
    assert strangers.heard(VM, A1) is None


def test_a_port_makes_only_so_many_be_remembered() -> None:
    strangers = Strangers()
    macs = [f"0a:00:00:00:00:{number:02x}" for number in range(MOST_OF_A_PORT + 1)]
    for mac in macs:
        strangers.heard(mac, A1)
    assert [strangers.heard(mac, A2) for mac in macs] == [A1] * MOST_OF_A_PORT + [None]
