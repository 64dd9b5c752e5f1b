"""A writer with its intent over a database in memory, and short words for what tests ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fake_database import FakeDatabase

from controller.errors import UserError
from controller.intent import documents
from controller.intent.allocate import Underlay
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.proposal import Delete, Outcome, Patch, Put, Request
from controller.intent.selector import parsed
from controller.intent.state import Intent
from controller.intent.writer import Clock, Writer


@dataclass(slots=True)
class Time:
    """Seconds that pass when a test says so."""

    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything in one hand."""

    writer: Writer
    database: FakeDatabase
    followed: list[Any]
    time: Time

    @property
    def intent(self) -> Intent:
        return self.writer.intent

    def apply(self, *asked: dict[str, Any], prune: str | None = None, dry_run: bool = False) -> Outcome:
        """Apply documents."""
        puts = tuple(Put(one) for one in documents.many(list(asked), Pacer()))
        selector = parsed(prune) if prune else None
        return self.writer.submit(Request(puts, "tester", None, selector, dry_run, apply=True))

    def put(self, kind: str, key: str, if_match: int | None = None, **document: Any) -> Outcome:
        """Put one resource; ``key`` is ``acme/web``."""
        project, _, name = key.rpartition("/")
        asked = documents.one(document, KINDS[kind], project, name)
        return self.writer.submit(Request((Put(asked, if_match),), "tester"))

    def patch(self, kind: str, key: str, patch: Any) -> Outcome:
        """Patch one resource."""
        project, _, name = key.rpartition("/")
        return self.writer.submit(Request((Patch((kind, project, name), patch),), "tester"))

    def delete(self, kind: str, key: str, if_match: int | None = None) -> Outcome:
        """Delete one resource."""
        project, _, name = key.rpartition("/")
        return self.writer.submit(Request((Delete((kind, project, name), if_match),), "tester"))

    def allocated(self, kind: str, key: str) -> dict[str, Any]:
        """What a resource got."""
        project, _, name = key.rpartition("/")
        resource = self.intent.resource((kind, project, name))
        assert resource is not None
        found: dict[str, Any] = json.loads(resource.row.allocated)
        return found

    def told(self, kind: str, key: str) -> Any:
        """A resource as the compiler was told of it last; None if it was not."""
        project, _, name = key.rpartition("/")
        resource = self.intent.resource((kind, project, name))
        assert resource is not None
        return KINDS[kind].entity(resource)

    def refused(self, *asked: dict[str, Any]) -> dict[str, str]:
        """The pointers and messages with which an apply is refused; nothing may have changed."""
        revision, rows = self.database.revision, dict(self.database.rows)
        try:
            self.apply(*asked)
        except UserError as error:
            assert (self.database.revision, self.database.rows) == (revision, rows)
            return {each.pointer: each.message for each in error.errors}
        raise AssertionError("it was accepted")


def _readable(resource: str, why: str) -> None:
    raise AssertionError(f"{resource}: {why}")


@contextmanager
def desk(underlay: Underlay | None = None, quarantine: float = 0) -> Iterator[Desk]:
    """A desk with nothing on it, where addresses that were freed rest for ``quarantine`` seconds."""
    intent, time = Intent(_readable, quarantine), Time()
    followed: list[Any] = []
    database = FakeDatabase(lambda commit: followed.append(intent.follow(commit, time.now)))
    database.start()
    writer = Writer(database, intent, underlay or Underlay(), Clock(seconds=lambda: time.now))
    writer.start()
    try:
        yield Desk(writer, database, followed, time)
    finally:
        writer.stop()


def project(name: str = "acme", **spec: Any) -> dict[str, Any]:
    """A project's document."""
    return {"kind": "Project", "name": name, "spec": spec}


def network(name: str = "web", *cidrs: str, owner: str = "acme", **spec: Any) -> dict[str, Any]:
    """A network's document."""
    subnets = [{"name": f"s{index}", "cidr": cidr} for index, cidr in enumerate(cidrs)]
    return {"kind": "Network", "project": owner, "name": name, "spec": {"subnets": subnets, **spec}}


def port(
    name: str, on: str = "web", owner: str = "acme", labels: dict[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    """A port's document."""
    return {"kind": "Port", "project": owner, "name": name, "labels": labels or {}, "spec": {"network": on, **spec}}


def bridged(name: str = "public", *cidrs: str, owner: str = "acme", **spec: Any) -> dict[str, Any]:
    """A bridged network's document, on a physical network of its own name."""
    return network(name, *cidrs, owner=owner, mode="bridged", **{"physical_network": name, **spec})


def router(name: str, *on: str | tuple[str, str], owner: str = "acme", **spec: Any) -> dict[str, Any]:
    """A router's document; a network may stand with the address that is asked for there."""
    pairs = [each if isinstance(each, tuple) else (each, None) for each in on]
    interfaces = [{"network": network, **({"address": address} if address else {})} for network, address in pairs]
    return {"kind": "Router", "project": owner, "name": name, "spec": {"interfaces": interfaces, **spec}}


def floating(name: str, to: str | None = None, on: str = "public", owner: str = "acme", **spec: Any) -> dict[str, Any]:
    """A floating IP's document."""
    return {"kind": "FloatingIP", "project": owner, "name": name, "spec": {"network": on, "port": to, **spec}}


def forward(name: str, outer: int | str, to: str = "p", owner: str = "acme", **spec: Any) -> dict[str, Any]:
    """A port forward's document, of TCP unless told otherwise."""
    asked = {"protocol": "tcp", "external_port": outer, "port": to, **spec}
    return {"kind": "PortForward", "project": owner, "name": name, "spec": asked}


def policy(name: str = "p", applied_to: Any = "any", owner: str = "acme", **spec: Any) -> dict[str, Any]:
    """A policy's document, for all ports of its project unless told otherwise."""
    return {"kind": "Policy", "project": owner, "name": name, "spec": {"applied_to": applied_to, **spec}}


def allowing(**rule: Any) -> dict[str, Any]:
    """The document of a policy that allows something to come in; ``peers`` is its ``from``."""
    whom = {"from": rule.pop("peers")} if "peers" in rule else {}
    return policy(ingress=[{"action": "allow", **whom, **rule}])


def security_group(name: str = "g", *rules: dict[str, Any], owner: str = "acme") -> dict[str, Any]:
    """A security group's document."""
    return {"kind": "SecurityGroup", "project": owner, "name": name, "spec": {"rules": list(rules)}}


def address_group(name: str = "a", *cidrs: str, owner: str = "acme") -> dict[str, Any]:
    """An address group's document."""
    return {"kind": "AddressGroup", "project": owner, "name": name, "spec": {"cidrs": list(cidrs)}}


def tier(name: str = "t", order: int = 10, **spec: Any) -> dict[str, Any]:
    """A tier's document."""
    return {"kind": "Tier", "name": name, "spec": {"order": order, **spec}}
