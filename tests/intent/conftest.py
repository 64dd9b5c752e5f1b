"""An office for every test."""

from collections.abc import Iterator

import pytest
from desk import Desk, desk


@pytest.fixture
def office() -> Iterator[Desk]:
    with desk() as found:
        yield found
