"""What the tests of features share: the data plane of the small world, and a third host without ports."""

from __future__ import annotations

import pytest

from tests.interpreter import DataPlane
from tests.worlds import chassis, small_world, with_more


@pytest.fixture(scope="session")
def small() -> DataPlane:
    """Packets leave no trace in it."""
    return DataPlane(with_more(small_world(), chassis(3)))
