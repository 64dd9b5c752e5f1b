"""An office that answers HTTP: the application over a database in memory and a world without switches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The fakes of intent serve here as well.
sys.path.insert(0, str(Path(__file__).parents[1] / "intent"))

from front import Front, front


@pytest.fixture
def office() -> Iterator[Front]:
    with front() as found:
        yield found
