"""What all tests share: golden files may be rewritten, and random tests draw the same examples on every run.

Stories go first, then what else needs Open vSwitch: what is left at the end is short, and workers can share it out.
What measures time has the machine alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.alone import Machine
from tests.real_switch import RealSwitch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

STORIES = "test_scenarios.py"
TESTS = Path(__file__).parent
MACHINE = Machine(door=TESTS, inside=TESTS.parent)

settings.register_profile(
    "same-every-run", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same-every-run")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden and docs/pipeline.md anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_quickness)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with MACHINE.taken(alone=item.get_closest_marker("alone") is not None):
        return (yield)


def _quickness(item: pytest.Item) -> int:
    """-1 for what wants the machine alone, 0 for stories, 1 for what else needs Open vSwitch, 2 for all the others."""
    if item.get_closest_marker("alone"):
        return -1
    if item.path.name == STORIES:
        return 0
    return 1 if item.get_closest_marker("system") else 2


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether what is compared with a file is to be written into it instead."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def real_switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSwitch]:
    """Open vSwitch itself, with one bridge; a test that needs it empty empties it."""
    assert os.geteuid() == 0, "these tests start Open vSwitch: run them as root, or make test-unit without them"
    switch = RealSwitch(tmp_path_factory.mktemp("ovs"))
    try:
        switch.start()
        yield switch
    finally:
        switch.stop()
