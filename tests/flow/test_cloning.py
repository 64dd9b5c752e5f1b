"""A copy of a packet: one deep, whoever wrote it."""

from __future__ import annotations

import struct

import pytest

from controller.errors import Bug
from controller.flow import openflow as of
from controller.flow.actions import instructions, output
from controller.flow.cloning import Clone, clone
from controller.flow.codec import Unknown, flow_actions

INNER = clone(output(7))
NESTED = struct.pack("!HHIH6x", of.EXPERIMENTER, 16 + len(INNER.wire), of.NICIRA, of.CLONE) + INNER.wire


def test_a_copy_of_a_copy_is_a_bug_of_ours() -> None:
    with pytest.raises(Bug, match="a clone inside of a clone"):
        clone(INNER)


def test_a_copy_of_a_copy_that_others_wrote_is_told_as_it_stands() -> None:
    assert list(flow_actions(instructions((Clone((INNER,), NESTED),)))) == [Unknown("action", NESTED)]


def test_a_copy_with_what_we_never_write_is_told_as_it_stands() -> None:
    queue = struct.pack("!HHI", 21, 8, 1)
    whole = struct.pack("!HHIH6x", of.EXPERIMENTER, 16 + len(queue), of.NICIRA, of.CLONE) + queue
    assert list(flow_actions(instructions((Clone((), whole),)))) == [Unknown("action", whole)]
