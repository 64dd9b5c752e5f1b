"""A network says how large its packets may be, and where larger ones would vanish."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.entities import Chassis, Network
from controller.status.networks import network_status
from controller.status.rooms import with_room
from tests.fabric_worlds import fabric_world
from tests.status.settled import Nobody, after, entity, idle

if TYPE_CHECKING:
    from controller.core import Core

WEB = "acme/web"
WIDE, NARROW = (1600, "s1.11-s3.11"), (1500, "s1.11-s3.11")


@pytest.fixture
def core() -> Core:
    """acme/web is on bare bridges and on hosts."""
    return after(idle(Nobody()), fabric_world().values())


def told(core: Core, narrowest: tuple[int, str] | None = None) -> tuple[Any, ...]:
    """The MTU, and whether it fits, and why."""
    status: dict[str, Any] = with_room(network_status(core, WEB, 0), core, narrowest, WEB, 0)
    found = next(each for each in status["conditions"] if each["type"] == "FitsUnderlay")
    return status["mtu"], found["status"], found["reason"], found["message"]


def asked(core: Core, mtu: int) -> None:
    after(core, [replace(entity(core, Network, WEB), mtu=mtu, mtu_open=False)])


def test_where_nobody_asked_for_an_mtu_it_is_what_fits(core: Core) -> None:
    assert told(core, WIDE) == (1412, True, "Narrowed", "packets of 1412 bytes fit wherever the network is")


def test_what_does_not_fit_behind_a_header_in_a_tunnel_is_said_with_what_would(core: Core) -> None:
    asked(core, 1450)
    message = "between s1 and hv1 frames go behind a header in a tunnel: 1412 bytes fit, not 1450"
    assert told(core) == (1450, False, "TooLarge", message)
    asked(core, 1412)
    assert told(core)[:3] == (1412, True, "Fits")


def test_what_does_not_fit_a_wire_is_said_with_what_would(core: Core) -> None:
    after(core, [], (Chassis, "hv1"), (Chassis, "hv2"))
    asked(core, 1500)
    message = "wire s1.11-s3.11 has an MTU of 1500: 1462 bytes fit behind a header, not 1500"
    assert told(core, NARROW) == (1500, False, "TooLarge", message)
    assert told(core, WIDE)[:3] == (1500, True, "Fits")
    assert told(core, None)[:3] == (1500, True, "Fits"), "nobody says that it does not"


def test_wires_are_no_matter_between_hosts_with_tunnels(core: Core) -> None:
    after(core, [], *((Chassis, f"s{number}") for number in range(1, 5)))
    assert told(core, NARROW)[:3] == (1450, True, "Fits")


def test_bridged_networks_go_by_no_tunnel(core: Core) -> None:
    after(core, [replace(entity(core, Network, WEB), mode="bridged", mtu=9000)])
    status = network_status(core, WEB, 0)
    assert with_room(status, core, NARROW, WEB, 0) == status
