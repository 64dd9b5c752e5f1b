"""schemathesis over the served OpenAPI document: no 5xx, and every answer as the document says.

What the document cannot say, such as that a gateway lies inside its subnet, makes schema-valid requests that are
refused with 422; the check for those is left out, every other is on.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import msgpack
import pytest
import requests
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


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all: whatever was said on it before, the next answer is of the next request."""
    with requests.Session() as kept:
        yield kept


def checked() -> dict[str, Any]:
    """The document, with so much less in some requests that they are thousands and not tens of thousands.

    What ``apply`` takes of each kind, PUT takes too; and what it takes in JSON, it takes in msgpack of smaller kinds.
    """
    document = deepcopy(specification())
    document["components"]["schemas"]["Documents"]["items"]["oneOf"][3:] = []
    for path in WIDE:
        del document["paths"][path]["put"]["requestBody"]["content"]["application/msgpack"]
    return document


WIDE = (
    "/v1/projects/{project}/policies/{name}",
    "/v1/projects/{project}/networkpolicies/{name}",
    "/v1/projects/{project}/pathpolicies/{name}",
    "/v1/projects/{project}/servicechains/{name}",
    "/v1/adminnetworkpolicies/{name}",
)
# Their peers and services are those of the wide ones.
ALIKE = "securitygroups/|invariants/|/baselineadminnetworkpolicies/"
# Events would be followed for ever.
whole = schemathesis.openapi.from_dict(checked()).exclude(path="/v1/events")
schema = whole.exclude(method="PUT", path_regex=ALIKE)


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_daemon(case: schemathesis.Case, daemon: Served, session: requests.Session) -> None:
    headers = {"Authorization": f"Bearer {daemon.token}"}
    case.call_and_validate(daemon.url, session, headers, excluded_checks=[positive_data_acceptance])
