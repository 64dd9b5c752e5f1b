"""The words of the command line are those of the daemon, whose models it does without."""

from __future__ import annotations

import pytest
import typer

from controller.cli import kinds
from controller.intent.kinds import KINDS


def test_the_command_line_knows_every_kind_by_its_name_and_its_plural() -> None:
    for kind in KINDS.values():
        for word in (kind.name, kind.plural, kind.name.upper()):
            found = kinds.kind(word)
            assert (found.name, found.plural, found.scoped) == (kind.name, kind.plural, kind.scoped)


@pytest.mark.parametrize(("word", "name"), [("sg", "SecurityGroup"), ("netpol", "NetworkPolicy"), ("POL", "Policy")])
def test_some_kinds_have_short_names(word: str, name: str) -> None:
    assert kinds.kind(word).name == name


@pytest.mark.parametrize("word", ["", "sgs", "policys"])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(typer.BadParameter):
        kinds.kind(word)
