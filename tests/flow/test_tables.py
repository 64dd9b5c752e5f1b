"""A table makes no flow that its declaration does not tell of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.errors import Bug
from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import copy, goto, output, output_field, resubmit, set_field
from controller.flow.cloning import clone
from controller.flow.flow import EVERYWHERE, Flow, encoded_match
from controller.flow.groups import Bucket, failover, group, to_group
from controller.flow.headers import dec_nsh_ttl, decap, encap_ethernet, encap_nsh, pop_vlan, push_vlan
from controller.flow.tracking import ct
from controller.tables import LONGEST, Descending, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controller.flow.actions import Action
    from controller.flow.groups import ToGroup

NETWORK, PART = f.REGS[0], f.REGS[4]
TABLE = Table(3, "MIDDLE", "Which way?", {"this": 10}, (f.IN_PORT, f.ETH_TYPE, f.ARP_OP), sets=(NETWORK,))
EXIT = Table(9, "EXIT", "Which way out?", {"this": 10}, (f.IN_PORT,), outputs=True)


def over(*actions: Action) -> ToGroup:
    """To a group with one bucket."""
    return group(failover((Bucket(1, actions),)))


def made(match: Mapping[f.Field, int], actions: Sequence[Action], priority: str = "this", table: Table = TABLE) -> Flow:
    return table.flow(EVERYWHERE, priority, match, actions)


def test_a_flow_is_what_its_table_was_told() -> None:
    flow = made({f.ARP_OP: 1}, [set_field(NETWORK, 5), goto(4)])
    assert (flow.table, flow.priority, flow.match) == (3, 10, encoded_match({f.ARP_OP: 1}))


@pytest.mark.parametrize(
    ("match", "actions", "why"),
    [
        ({f.ETH_DST: 1}, [], "may not match dl_dst"),
        ({f.ARP_TPA: 1}, [], "may not match arp_tpa"),
        ({f.IPV4_SRC: 1}, [], "may not match nw_src"),
        ({}, [set_field(PART, 1)], "may not set reg4"),
        ({}, [copy(NETWORK, PART)], "may not set reg4"),
        ({}, [goto(3)], "goes back to table 3"),
        ({}, [goto(2)], "goes back to table 2"),
        ({}, [resubmit(3)], "goes back to table 3"),
        ({}, [goto(4), set_field(NETWORK, 1)], "goes to table 4 before it is done"),
        ({}, [output(1)], "may not output"),
        ({}, [output_field(NETWORK)], "may not output"),
        ({}, [output(act.CONTROLLER_RESERVED)], "may not output"),
        ({}, [act.meter(1)], "may not limit"),
        ({}, [act.to_controller(1)], "may not output"),
        ({}, [act.conjunction(7, 1, 2), set_field(NETWORK, 1)], "does something while it only states a clause"),
        ({}, [act.dec_ttl()], "may not set nw_ttl"),
        ({}, [push_vlan()], "may not set vlan_vid"),
        ({}, [pop_vlan()], "may not set vlan_vid"),
        ({}, [act.multipath(2, PART, 0, 8)], "may not set reg4"),
        ({}, [act.check_larger(1514, PART, 0)], "may not set reg4"),
        ({}, [ct(5, table=4, commit=True, mark=1)], "may not set ct_mark"),
        ({}, [ct(5, table=4, commit=True, mark=0)], "may not set ct_mark"),
        ({}, [ct(PART, commit=True, mark=NETWORK)], "may not set ct_mark"),
        ({}, [ct(5, table=3)], "goes back to table 3"),
        ({}, [clone(ct(5, commit=True, mark=1)), goto(4)], "may not set ct_mark"),
        ({}, [clone(output(1)), goto(4)], "may not output"),
        ({}, [clone(ct(5, table=4))], "goes to table 4 before it is done"),
        ({}, [clone(resubmit(2)), goto(4)], "goes back to table 2"),
        ({}, [clone(goto(4))], "does Goto to a copy"),
        ({}, [clone(act.meter(1)), goto(4)], "does Meter to a copy"),
        ({}, [clone(act.conjunction(7, 1, 2))], "does Conjunction to a copy"),
        ({}, [ct(5, table=4), set_field(NETWORK, 1)], "goes to table 4 before it is done"),
        ({}, [encap_nsh()], "may not set nsh_spi"),
        ({}, [decap(), goto(4)], "may not set nsh_spi"),
        ({}, [encap_ethernet()], "may not set dl_dst"),
        ({}, [dec_nsh_ttl()], "may not set nsh_ttl"),
        ({}, [to_group(7)], "names a group by its number alone"),
        ({}, [over(output(1))], "may not output"),
        ({}, [over(set_field(PART, 1), resubmit(4))], "may not set reg4"),
        ({}, [over(resubmit(3))], "goes back to table 3"),
        ({}, [over(goto(4))], "does Goto in place 1 of a bucket"),
        ({}, [over(output_field(NETWORK))], "does OutputField in place 1 of a bucket"),
        ({}, [over(resubmit(4), resubmit(5))], "does Resubmit in place 1 of a bucket"),
        ({}, [over(set_field(NETWORK, 1))], "does SetField in place 1 of a bucket"),
        ({}, [over()], "has a bucket that does nothing"),
        ({}, [clone(over(output(1)))], "may not output"),
    ],
)
def test_what_is_not_declared_is_a_bug(match: Mapping[f.Field, int], actions: Sequence[Action], why: str) -> None:
    with pytest.raises(Bug, match=f"table MIDDLE {why}"):
        made(match, actions)


def test_what_a_table_declares_that_it_sets_it_may_change_in_any_way() -> None:
    sets = (NETWORK, f.IP_TTL, f.VLAN, f.CT_MARK)
    table = replace(TABLE, sets=sets, outputs=True)
    changes: list[Action] = [
        act.meter(1),
        act.dec_ttl(),
        push_vlan(),
        pop_vlan(),
        act.multipath(2, NETWORK, 0, 8),
    ]
    copied = clone(ct(5, commit=True, mark=1), output(2))
    does = [*changes, act.check_larger(1514, NETWORK, 0), ct(5, commit=True, mark=1), copied, ct(5, table=4)]
    assert made({}, does, table=table).instructions == act.instructions(tuple(does))


def test_a_flow_has_the_groups_that_its_actions_name_also_in_copies() -> None:
    one, other = over(output(1)), over(set_field(f.ETH_DST, 1), resubmit(4))
    table = replace(TABLE, outputs=True, sets=(f.ETH_DST, f.NSH_SPI, f.NSH_TTL))
    does = (encap_nsh(), encap_ethernet(), one, clone(other, one), dec_nsh_ttl(), decap(), goto(4))
    assert made({}, does, table=table).groups == (one.group, other.group)
    assert made({}, [goto(4)], table=table).groups == ()


def test_a_flow_with_a_meter_begins_with_it() -> None:
    made({}, [act.meter(1), output(2)], table=EXIT)
    with pytest.raises(Bug, match="limits what it has begun to do"):
        made({}, [output(2), act.meter(1)], table=EXIT)


def test_a_flow_may_be_a_clause_of_several_conjunctions() -> None:
    clauses = (act.conjunction(7, 1, 2), act.conjunction(8, 2, 2))
    assert made({}, clauses).instructions == act.instructions(clauses)


def test_a_packet_comes_back_only_to_where_its_table_says_and_only_for_a_while() -> None:
    earlier = replace(TABLE, number=1, name="EARLIER")
    table = replace(TABLE, returns_to=(earlier,))
    assert made({}, [earlier.resubmit, goto(4)], table=table).instructions
    for back in ([earlier.goto], [ct(5, table=1)]):
        with pytest.raises(Bug, match="goes back to table 1"):
            made({}, back, table=table)
    with pytest.raises(Bug, match="goes back to table 2"):
        made({}, [resubmit(2)], table=table)


def test_a_table_that_may_ask_itself_once_more_may_have_conntrack_answer() -> None:
    table = replace(TABLE, again=True)
    assert made({}, [ct(5, table=3)], table=table).instructions
    with pytest.raises(Bug, match="goes to table 3 before it is done"):
        made({}, [ct(5, table=3), goto(4)], table=table)
    with pytest.raises(Bug, match="may not set ct_mark"):
        made({}, [ct(5, table=3, commit=True, mark=1)], table=table)


def test_what_a_match_implies_must_be_declared_too() -> None:
    bare = Table(3, "BARE", "?", {"this": 1}, (f.ARP_OP,))
    with pytest.raises(Bug, match="may not match dl_type"):
        made({f.ARP_OP: 1}, [], table=bare)


def test_a_priority_has_a_name_or_is_a_bug() -> None:
    with pytest.raises(Bug, match="no priority 'that'"):
        made({}, [], "that")


def test_places_have_priorities_below_each_other_and_there_are_no_more_than_were_declared() -> None:
    places = Descending(100, 3, {"default": 1})
    assert dict(places) == {"default": 1, "/0": 100, "/1": 99, "/2": 98}
    assert [places.get(name) for name in ("/3", "/-1", "/x", "0", "")] == [None] * 5


def test_a_flow_that_no_message_can_hold_is_a_bug() -> None:
    fits = LONGEST // 16 - 1
    assert len(made({}, [output(1)] * fits, table=EXIT).instructions) <= LONGEST
    for count in (fits + 2, 2 * fits):
        with pytest.raises(Bug, match="longer than an OpenFlow message"):
            made({}, [output(1)] * count, table=EXIT)


def test_a_table_hands_on_by_its_own_number() -> None:
    assert (TABLE.goto, TABLE.resubmit, repr(TABLE)) == (goto(3), resubmit(3), "MIDDLE")
