"""Label selectors: ``app=web,env!=prod,tier,!draft`` is true of labels that meet every term."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_KEY = r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"
_TERM = re.compile(rf"(?P<absent>!?)(?P<key>{_KEY})(?:(?P<operator>!=|==?)(?P<value>{_VALUE}))?")


@dataclass(frozen=True, slots=True)
class Term:
    """``value`` None asks for the key alone; ``negated`` turns the answer round."""

    key: str
    value: str | None
    negated: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet this term."""
        found = labels.get(self.key)
        return ((found is not None) if self.value is None else found == self.value) != self.negated


@dataclass(frozen=True, slots=True)
class Selector:
    """All of its terms must hold."""

    terms: tuple[Term, ...] = ()

    def holds(self, labels: tuple[tuple[str, str], ...]) -> bool:
        """Whether a resource's labels are selected."""
        found = dict(labels)
        return all(term.holds(found) for term in self.terms)


def parsed(text: str) -> Selector:
    """The selector that a text means; raises ValueError with what is wrong."""
    return Selector(tuple(_term(part.strip()) for part in text.split(",")))


def _term(text: str) -> Term:
    found = _TERM.fullmatch(text)
    if found is None or (found["absent"] and found["operator"]):
        raise ValueError(f"{text[:100]!r} is no selector; write key=value, key!=value, key or !key")
    return Term(found["key"], found["value"], bool(found["absent"]) or found["operator"] == "!=")
