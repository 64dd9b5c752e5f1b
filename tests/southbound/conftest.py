"""What tests of bridges begin with."""

from __future__ import annotations

import pytest

from tests.southbound.rig import Rig
from tests.southbound.storm import HOSTS, calm
from tests.worlds import small_world


@pytest.fixture
def rig() -> Rig:
    """The small world, on two switches that have taken it in."""
    made = Rig(HOSTS)
    made.turn(small_world().values())
    calm(made)
    return made
