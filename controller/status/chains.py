"""The status of service chains: which middleboxes packets pass now, and which of them are missing or dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.courses import SERVICE_CHAIN, Line, Middlebox
from controller.entities import Port
from controller.links import ServiceChain
from controller.status.conditions import condition, progress, ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.core import Core
    from controller.courses import Fault, Stop
    from controller.links import Instance
    from controller.store import Store


_FAULTS: dict[Fault, str] = {
    "down": "is set down (spec.admin_up is false)",
    "no_link": "has no link",
    "cut_off": "is on a bridge that reaches no other",
}


def chain_status(core: Core, key: str, started: float) -> dict[str, object]:
    """Of each hop its instances, where they are and whether they are alive; and whether packets pass all hops."""
    subject, store = (SERVICE_CHAIN, key), core.compiler.store
    chain: ServiceChain | None = store.get(ServiceChain, key)
    line: Line | None = store.get(Line, key)
    if chain is None or line is None:
        missing = ("Incomplete", "it has not been compiled yet")
        return {"chassis": [], "hops": [], "conditions": [ready(core, subject, missing, started)]}
    since = core.readiness.since(subject, started)
    return {
        "chassis": sorted(core.compiler.chassis_of(subject)),
        "hops": [_hop(*pair, store) for pair in zip(chain.steps, line.steps, strict=True)],
        "conditions": [
            ready(core, subject, progress(core, subject), started),
            _complete(chain, line, since),
            _alive(chain, line, store, since),
        ],
    }


def _hop(instances: tuple[Instance, ...], stops: tuple[Stop | None, ...], store: Store) -> dict[str, object]:
    found = [
        {
            "in": instance.inward.partition("/")[2],
            "out": instance.outward.partition("/")[2],
            "chassis": stop.inward[0] if stop is not None else None,
            "alive": stop is not None,
            "reason": "; ".join(_faults(instance, store)) or None,
        }
        for instance, stop in zip(instances, stops, strict=True)
    ]
    return {"instances": found, "alive": sum(stop is not None for stop in stops)}


def _complete(chain: ServiceChain, line: Line, since: float) -> dict[str, object]:
    """Whether every hop has an instance that is alive."""
    dead = [str(place) for place, stops in enumerate(line.steps, 1) if not any(stops)]
    if not dead:
        return condition("Complete", "EveryHop", "every hop has an instance that is alive", since, holds=True)
    hops = f"hop {dead[0]} has" if len(dead) == 1 else f"hops {', '.join(dead)} have"
    if chain.on_failure == "bypass":
        return condition("Complete", "Bypassed", f"{hops} no instance alive: packets skip it", since, holds=False)
    return condition("Complete", "Dropped", f"{hops} no instance alive: packets are dropped", since, holds=False)


def _alive(chain: ServiceChain, line: Line, store: Store, since: float) -> dict[str, object]:
    """Whether all instances are."""
    pairs = [pair for step in zip(chain.steps, line.steps, strict=True) for pair in zip(*step, strict=True)]
    faults = [fault for instance, stop in pairs if stop is None for fault in _faults(instance, store)]
    told = "; ".join(faults) or "all instances are alive"
    return condition("InstancesAlive", "Dead" if faults else "AllAlive", told, since, holds=not faults)


def _faults(instance: Instance, store: Store) -> Iterator[str]:
    """What is wrong with the ports of an instance."""
    for key in (instance.inward, instance.outward):
        port: Port | None = store.get(Port, key)
        box: Middlebox | None = store.get(Middlebox, key)
        if port is None:
            yield f"port {key} does not exist"
        elif box is None:
            yield f"port {key} is not plugged in"
        elif box.fault:
            yield f"port {key} {_FAULTS[box.fault]}: interface {box.interface} on chassis {box.chassis}"
        elif store.count(ServiceChain, "port", key) > 1:
            yield f"port {key} is of another service chain as well"


def middlebox_status(core: Core, box: Middlebox, started: float) -> dict[str, object]:
    """Of a port that a service chain has."""
    subject = ("Port", box.key)
    since = core.readiness.since(subject, started)
    told = f"interface {box.interface} on chassis {box.chassis}"
    return {
        "chassis": box.chassis,
        "interface": box.interface,
        "ofport": box.ofport,
        "service_chain": box.chain.partition("/")[2],
        "conditions": [
            ready(core, subject, progress(core, (SERVICE_CHAIN, box.chain)), started),
            condition("Bound", "Plugged", told, since, holds=True),
        ],
        "hops": [],
    }
