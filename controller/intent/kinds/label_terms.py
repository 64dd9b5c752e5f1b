"""Conditions on labels as policies write them: pairs that must be there, and expressions; all of them must hold.

Conditions that no labels could meet are refused where that is a mistake; a document of Kubernetes may have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, TypeAlias

from pydantic import Field

from controller.intent.kind import Contradiction, Findings
from controller.intent.resource import Strict
from controller.intent.values import LabelKey, LabelValue
from controller.policy.values import Operator, Requirement

_WITH_VALUES = frozenset(("In", "NotIn"))


class ExpressionSpec(Strict):
    """One condition on one label; NotIn holds where there is no such label."""

    key: LabelKey
    operator: Operator
    values: Annotated[tuple[LabelValue, ...], Field(strict=False, max_length=1000)] = ()


Expressions: TypeAlias = Annotated[tuple[ExpressionSpec, ...], Field(strict=False, max_length=64)]


def requirements(labels: Mapping[str, str], expressions: Iterable[ExpressionSpec]) -> tuple[Requirement, ...]:
    """Both as policy knows them: the same conditions, however they were written, are equal."""
    pairs = [Requirement(key, "In", (value,)) for key, value in labels.items()]
    others = [Requirement(each.key, each.operator, tuple(sorted(set(each.values)))) for each in expressions]
    return tuple(sorted({*pairs, *others}))


def term_faults(labels: Mapping[str, str], expressions: tuple[ExpressionSpec, ...], pointer: str) -> Findings:
    """Expressions that are no conditions, and those that nothing meets which meets all before them."""
    before = [Requirement(key, "In", (value,)) for key, value in labels.items()]
    for index, each in enumerate(expressions):
        where = f"{pointer}/expressions/{index}"
        if each.operator in _WITH_VALUES and not each.values:
            yield Contradiction(f"{where}/values", f"{each.operator} needs values")
            continue
        if each.operator not in _WITH_VALUES and each.values:
            yield Contradiction(f"{where}/values", f"{each.operator} takes no values")
            continue
        before.append(Requirement(each.key, each.operator, each.values))
        if not _possible([one for one in before if one.key == each.key]):
            message = f"nothing can match: no label {each.key} meets this and the conditions before it"
            yield Contradiction(where, message)
            return


def _possible(conditions: list[Requirement]) -> bool:
    """Whether a label, or its absence, can meet conditions that are all on its key."""
    operators = {each.operator for each in conditions}
    if not operators & {"In", "Exists"}:
        return True
    if "DoesNotExist" in operators:
        return False
    refused = set(_values(conditions, "NotIn"))
    given = [set(each.values) for each in conditions if each.operator == "In"]
    return not given or bool(set.intersection(*given) - refused)


def _values(conditions: list[Requirement], operator: Operator) -> Iterator[str]:
    return (value for each in conditions if each.operator == operator for value in each.values)
