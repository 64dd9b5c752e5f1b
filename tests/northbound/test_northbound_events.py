"""Events are told once, in order, to whom they concern, and never at the cost of the daemon."""

from __future__ import annotations

import json
import threading
from functools import partial

import falcon
import msgpack
import pytest
from falcon import testing
from front import Front, front

from controller.errors import Gone, UserError
from controller.northbound import problems
from controller.northbound.callers import Caller
from controller.northbound.event_stream import EventResource
from controller.northbound.events import EventLog
from controller.northbound.follower import Encoder, Follower, packed, sse
from ovsdb.rows import Commit


def told(log: EventLog, position: int = 0) -> list[int]:
    return [event.revision for event in log.after(position, 0)]


def filled(count: int, capacity: int = 100) -> EventLog:
    log = EventLog(capacity)
    for revision in range(1, count + 1):
        log.publish("intent", f"Port acme/p{revision}", {}, revision, "tester")
    return log


def test_a_follower_gets_what_is_newer_in_order() -> None:
    log = filled(5)
    assert told(log, log.position(2)) == [3, 4, 5]
    assert told(log, log.position(5)) == told(log, log.position(9)) == []
    assert told(log, log.position(0)) == [1, 2, 3, 4, 5]


def test_what_is_no_longer_kept_is_gone() -> None:
    log = filled(12, capacity=10)
    assert told(log, log.position(2)) == list(range(3, 13))
    with pytest.raises(Gone, match="up to revision 2"):
        log.position(1)
    with pytest.raises(Gone, match="1 events were missed"):
        log.after(1, 0)


def test_what_was_before_the_daemon_began_is_gone() -> None:
    log = EventLog()
    log.publish_commit(Commit(41, (), initial=True))
    log.publish("intent", "Port acme/p", {}, 42, "tester")
    assert told(log, log.position(41)) == [42]
    with pytest.raises(Gone):
        log.position(40)


def test_a_last_event_id_is_taken_up_where_it_stood() -> None:
    log = filled(3)
    log.publish("binding", "Port acme/p3", {}, 3, "netloom")
    assert told(log, log.resumed("3/3") or 0) == [3]
    assert log.resumed("3/4") == 4
    for unknown in ("2/3", "3/9", "3/0", "x", "", "3/x", "3/" + "9" * 30):
        assert log.resumed(unknown) is None


def test_waiting_ends_with_the_next_event() -> None:
    log = filled(1)
    threading.Timer(0.05, log.publish, ("drift", "Chassis hv1", {}, 1, "netloom")).start()
    assert [event.type for event in log.after(1, 10)] == ["drift"]
    assert log.after(2, 0.01) == ()


def test_what_is_kept_is_answered_as_a_document(office: Front) -> None:
    office.made("acme", "acme/networks/web")
    items = office.call("GET", "/v1/events?since=1").json["items"]
    assert [(item["id"], item["type"], item["subject"], item["author"]) for item in items] == [
        ("2/2", "intent", "Network acme/web", "admin")
    ]
    assert office.call("GET", "/v1/events?since=0", headers={"Accept": "text/event-stream"}).text.startswith(
        "id: 1/1\n"
    )


def test_events_that_are_gone_are_410(office: Front) -> None:
    office.events.begin(9)
    assert office.call("GET", "/v1/events?since=8&follow=true").status_code == 410


def follower(office: Front, encoder: Encoder = sse, token: str | None = None) -> Follower:
    """A follower from the beginning."""
    place = threading.Semaphore(0)
    caller = partial(office.tokens.caller, f"Bearer {token or office.admin}")
    return Follower(office.events, 0, caller, encoder=encoder, heartbeat=0.05, place=place)


def test_a_follower_is_told_as_it_happens(office: Front) -> None:
    text, binary = follower(office), follower(office, packed)
    assert (next(text), msgpack.unpackb(next(binary))) == (b":\n\n", {"type": "heartbeat"})
    office.made("acme")
    lines = next(text).decode().split("\n")
    assert lines[:2] == ["id: 1/1", "event: intent"]
    assert json.loads(lines[2].removeprefix("data: "))["subject"] == "Project acme"
    assert msgpack.unpackb(next(binary))["detail"]["action"] == "created"


def test_a_slow_follower_is_told_and_dropped() -> None:
    with front(EventLog(capacity=4)) as office:
        stream = follower(office)
        assert next(stream) == b":\n\n"
        office.made("acme")
        assert b"Project acme" in next(stream)
        for index in range(9):
            office.events.publish("drift", f"Chassis hv{index}", {}, 1, "netloom")
        assert b"event: dropped" in next(stream)
        assert list(stream) == []


def test_a_token_that_ends_ends_its_stream(office: Front) -> None:
    stream = follower(office, token=office.token("operator"))
    assert next(stream) == b":\n\n"
    office.tokens.revoke(next(row.name for row in office.tokens.rows() if row.role == "operator"))
    assert b"not known" in next(stream)
    assert list(stream) == []


def test_places_are_bounded_and_given_back(office: Front) -> None:
    places = threading.BoundedSemaphore(1)
    app = falcon.App(middleware=[AsAdmin()])
    app.add_route("/events", EventResource(office.events, office.tokens, heartbeat=0.01, places=places))
    app.add_error_handler(UserError, problems.user_error)
    first = app(testing.create_environ("/events", query_string="follow=true"), testing.StartResponseMock())
    assert testing.TestClient(app).simulate_get("/events?follow=true").status_code == 503
    first.close()  # type: ignore[attr-defined]
    assert places.acquire(blocking=False)


class AsAdmin:
    """Everyone is an administrator."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Say so."""
        req.context.caller = Caller("admin", "admin", frozenset())
