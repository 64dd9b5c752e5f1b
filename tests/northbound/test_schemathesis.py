"""schemathesis over the served OpenAPI document: no 5xx, and every answer as the document says.

What the document cannot say, such as that a gateway lies inside its subnet, makes schema-valid requests that are
refused with 422; the check for those is left out, every other is on.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgpack
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance
from served import Served, served

from controller.northbound.openapi import specification


def packed(_context: object, value: object) -> bytes:
    """The body of a request in msgpack; broken where msgpack cannot say it."""
    try:
        found: bytes = msgpack.packb(value)
    except (OverflowError, UnicodeEncodeError):
        return b"\xc1"
    return found


load_all_checks()
schemathesis.serializer("application/msgpack", "application/x-msgpack")(packed)
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state"), 5) as found:
        yield found


# Events would be followed for ever.
schema = schemathesis.openapi.from_dict(specification()).exclude(path="/v1/events")


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_daemon(case: schemathesis.Case, daemon: Served) -> None:
    headers = {"Authorization": f"Bearer {daemon.token}"}
    case.call_and_validate(base_url=daemon.url, headers=headers, excluded_checks=[positive_data_acceptance])
