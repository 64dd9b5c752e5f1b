"""Scenes for the stories of policy: one network on two hosts, machines by what they do, and policies over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.entities import Port
from controller.policy.values import TCP, Machines, Policy, Requirement, Rule, Service
from tests import packets as p
from tests.guarded_worlds import policy
from tests.interpreter import DataPlane
from tests.worlds import chassis, mac, network, plugged, port, world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Encap, Entity
    from controller.policy.values import Action, Peer
    from tests.interpreter import Journey
    from tests.packets import Packet
    from tests.worlds import World

MACHINES = {"web": (1, "hv1"), "db": (2, "hv2"), "job": (3, "hv1"), "web2": (4, "hv2"), "db2": (5, "hv1")}
"""Number and host of each; web2 does what web does, db2 what db does."""
OUTSIDE = "192.0.2.77"
PG = (Service(TCP, ((5432, 5432),)),)


def key(name: str) -> str:
    """The key of a machine's port."""
    return f"acme/{name}"


def does(*apps: str) -> Machines:
    """The machines of acme that do this."""
    return Machines(("acme",), labels=(Requirement("app", "In", apps),))


EVERYBODY = Machines(("acme",))
DB, WEB, JOB = does("db"), does("web"), does("job")


def rule(
    action: Action, *peers: Peer, services: tuple[Service, ...] = (), name: str = "rule", log: bool = False
) -> Rule:
    """A rule; without peers it is about anybody."""
    return Rule(name, action, peers or None, services, log)


def to(whom: Machines, *ingress: Rule, name: str = "in", **fields: object) -> Policy:
    """What may be sent to some machines."""
    return policy("Policy", f"acme/{name}", str(fields.pop("tier", "application")), (whom,), ingress=ingress, **fields)


def of(whom: Machines, *egress: Rule, name: str = "out", **fields: object) -> Policy:
    """What some machines may send."""
    return policy("Policy", f"acme/{name}", str(fields.pop("tier", "application")), (whom,), egress=egress, **fields)


def machine(name: str) -> Port:
    """The port of a machine."""
    number, _ = MACHINES[name]
    return port(key(name), "acme/net", number, labels=(("app", name.rstrip("2")),))


def scene(*more: Entity, encap: Encap = "vxlan") -> World:
    """The machines plugged in, and whatever else there is."""
    plugs = [plugged(key(name), host, number) for name, (number, host) in MACHINES.items()]
    machines = [machine(name) for name in MACHINES]
    return world([chassis(1), chassis(2), network("acme/net", 0x101, encap), *machines, *plugs, *more])


def acted(*more: Entity, encap: Encap = "vxlan") -> DataPlane:
    """The data plane of a scene."""
    return DataPlane(scene(*more, encap=encap))


def addressed(sender: str, receiver: str, *, six: bool = False) -> tuple[str, str, str, str]:
    """MACs and addresses of a packet from one machine to another."""
    one, other = MACHINES[sender][0], MACHINES[receiver][0]
    form = "fd00::{}" if six else "10.0.0.{}"
    return mac(one), mac(other), form.format(one), form.format(other)


def syn(sender: str, receiver: str, target: int = 5432, source: int = 40000, *, six: bool = False) -> Packet:
    """The first packet of a TCP connection."""
    return p.tcp(*addressed(sender, receiver, six=six), (source, target), flags=p.SYN)


def opened(plane: DataPlane, sender: str, receiver: str, target: int = 5432, *, six: bool = False) -> bool:
    """Whether a connection comes about: the first packet arrives, and the answer to it too."""
    arrivals = sent(plane, sender, syn(sender, receiver, target, six=six)).arrivals
    if not arrivals:
        return False
    (arrival,) = arrivals
    assert plane.name(arrival) == key(receiver)
    return plane.fate(key(receiver), p.answer(arrival.packet)) == [key(sender)]


def sent(plane: DataPlane, sender: str, packet: Packet) -> Journey:
    """What becomes of a packet of a machine."""
    return plane.sent_by(key(sender), packet)


def reached(plane: DataPlane, sender: str, packet: Packet) -> list[str]:
    """The machines that a packet reaches, by their names."""
    return [name.rpartition("/")[2] for name in plane.fate(key(sender), packet)]


def reasons(journey: Journey, register: int) -> Iterable[int]:
    """Why the daemon was asked."""
    return [value for punt in journey.punts for of, value in punt.packet.items() if of.register == register]
