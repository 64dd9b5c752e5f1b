"""A selector means what Kubernetes means by it, and whoever is selected is found without trying everybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.policy.derived import Identity
from controller.policy.selecting import ANY, everything, holds, labelled, pivots, project_traits, selects, traits
from controller.policy.values import Machines, Requirement

KEYS, VALUES, PROJECTS = ("app", "env"), ("web", "db"), ("acme", "beta")
NETWORKS, GROUPS, PORTS = ("acme/web", "beta/web"), ("acme/red", "acme/blue"), ("acme/web-1", "")


HELD = {
    Requirement("app", "In", ("web",)): (False, True, False),
    Requirement("app", "NotIn", ("web",)): (True, False, True),
    Requirement("app", "Exists"): (False, True, True),
    Requirement("app", "DoesNotExist"): (True, False, False),
    Requirement("app", "In", ()): (False, False, False),
    Requirement("app", "NotIn", ()): (True, True, True),
}
"""Of each requirement, whether it holds where the key is absent, web, and db."""


@pytest.mark.parametrize("requirement", HELD)
def test_each_operator_holds_where_kubernetes_says_so(requirement: Requirement) -> None:
    absent, web, db = dict[str, str](), {"app": "web"}, {"app": "db"}
    assert tuple(holds(requirement, labels) for labels in (absent, web, db)) == HELD[requirement]


def test_all_requirements_must_hold_and_none_at_all_is_everything() -> None:
    both = (Requirement("app", "Exists"), Requirement("env", "NotIn", ("db",)))
    assert labelled(both, (("app", "web"),))
    assert not labelled(both, (("app", "web"), ("env", "db")))
    assert labelled((), ())
    assert everything(Machines(None))
    assert not everything(Machines(("acme",)))
    assert not everything(Machines(None, labels=both))


def identity(**fields: object) -> Identity:
    """A port of acme/web in the group red, labelled app=web, unless told otherwise."""
    given: dict[str, object] = {"project": "acme", "network": "acme/web", "labels": (("app", "web"),)}
    return Identity("i", 1, **{**given, "groups": ("acme/red",), "named": (), **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "machines",
    [
        Machines(("acme",), groups=("acme/red",), networks=("acme/web",)),
        Machines(("acme",), groups=("acme/blue", "acme/red")),
        Machines(None, project_labels=(Requirement("env", "In", ("prod",)),)),
    ],
)
def test_who_meets_all_that_a_selector_gives_is_selected(machines: Machines) -> None:
    assert selects(machines, identity(), (("env", "prod"),))


@pytest.mark.parametrize(
    "machines",
    [
        Machines(("beta",), groups=("acme/red",)),
        Machines(("acme",), groups=("acme/blue",), networks=("acme/web",)),
        Machines(None, networks=("acme/db",)),
        Machines(None, ports=("acme/web-1",)),
        Machines(None, project_labels=(Requirement("env", "NotIn", ("prod",)),)),
        Machines(()),
    ],
)
def test_who_does_not_meet_one_of_them_is_not(machines: Machines) -> None:
    assert not selects(machines, identity(), (("env", "prod"),))


some_labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)).map(lambda found: tuple(found.items()))
some_requirements = st.lists(
    st.builds(
        Requirement,
        st.sampled_from(KEYS),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        st.lists(st.sampled_from(VALUES), unique=True).map(tuple),
    ),
    max_size=2,
).map(tuple)
identities = st.builds(
    Identity,
    st.just("i"),
    st.just(1),
    st.sampled_from(PROJECTS),
    st.sampled_from(NETWORKS),
    some_labels,
    st.lists(st.sampled_from(GROUPS), unique=True).map(tuple),
    st.just(()),
    st.sampled_from(PORTS),
)
many_projects = tuple(f"p{number}" for number in range(20))


@given(
    identities,
    some_labels,
    st.builds(
        Machines,
        st.none() | st.lists(st.sampled_from(PROJECTS), unique=True).map(tuple) | st.just((*many_projects, "acme")),
        some_requirements,
        some_requirements,
        *(st.lists(st.sampled_from(one), unique=True, max_size=1).map(tuple) for one in (NETWORKS, PORTS[:1], GROUPS)),
    ),
)
def test_whoever_is_selected_has_a_pivot_of_the_selector_among_its_traits(
    one: Identity, labels: tuple[tuple[str, str], ...], machines: Machines
) -> None:
    if selects(machines, one, labels):
        assert {*traits(one), *project_traits(labels)}.intersection(pivots(machines))


@pytest.mark.parametrize(
    "machines",
    [
        Machines(("acme",)),
        Machines(("acme",), labels=(Requirement("app", "In", ("db",)), Requirement("env", "NotIn", ("web",)))),
        Machines(None, labels=(Requirement("app", "Exists"),)),
        Machines(None, project_labels=(Requirement("env", "In", ("db",)),)),
        Machines(None, groups=("acme/red",)),
    ],
)
def test_a_selector_that_asks_for_something_is_looked_up_by_it(machines: Machines) -> None:
    stranger = identity(project="gamma", network="gamma/web", labels=(), groups=())
    assert ANY not in pivots(machines)
    assert not set(traits(stranger)).intersection(pivots(machines))
