"""Who of whom gets which service: asked by curl and by datagrams, many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Literal

from mininet_scenarios import clients, exchange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

Protocol = Literal["tcp", "udp"]
PATIENCE, SOON = 4.0, 0.6  # seconds, for what has to be answered and for what must not be
AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """A service that ``source`` asks ``target`` for, at one of its addresses."""

    source: Vm
    target: Vm
    address: str
    port: int
    protocol: Protocol = "tcp"

    def __str__(self) -> str:
        version = 6 if ":" in self.address else 4
        return f"{short(self.source)}>{short(self.target)} {self.protocol}/{self.port} v{version}"


def everything(vms: Iterable[Vm], ports: Collection[int], protocols: tuple[Protocol, ...] = ("tcp",)) -> list[Asked]:
    """Every service of every machine, asked for by every other one over IPv4 and IPv6."""
    machines = list(vms)
    return [
        Asked(source, target, address, port, protocol)
        for source, target, port, protocol in product(machines, machines, ports, protocols)
        if source is not target
        for address in target.addresses
    ]


def answered(asked: Collection[Asked], seconds: float) -> set[str]:
    """Those that were answered within ``seconds`` each, in words."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(partial(_answers, seconds), asked))
    return {str(one) for one, answer in zip(asked, answers, strict=True) if answer}


def prove(story: Story, who: str, asked: Collection[Asked], allowed: Collection[str]) -> None:
    """Of all that is asked for exactly what is ``allowed``, in words, is answered."""
    open_, closed = ([one for one in asked if (str(one) in allowed) is wanted] for wanted in (True, False))
    missing = {str(one) for one in open_} - answered(open_, PATIENCE)
    story.check(f"{who}: what is allowed is answered", bool(open_) and not missing, sorted(missing) or len(open_))
    leaked = answered(closed, SOON)
    story.check(f"{who}: nothing else is", bool(closed) and not leaked, sorted(leaked) or f"{len(closed)} refused")


def words(source: str, target: str, port: int, protocol: Protocol = "tcp") -> set[str]:
    """How a service is called that one machine asks of another, over IPv4 and over IPv6."""
    return {f"{source}>{target} {protocol}/{port} v{version}" for version in (4, 6)}


def short(vm: Vm) -> str:
    """The machine's name without its tenant's."""
    return vm.name.partition("-")[2]


def by_name(vms: Iterable[Vm]) -> Mapping[str, Vm]:
    """Machines by their names without their tenant's."""
    return {short(vm): vm for vm in vms}


def _answers(seconds: float, asked: Asked) -> bool:
    if asked.protocol == "udp":
        return bool(exchange.witnessed(asked.source, asked.address, asked.port, seconds))
    url = f"http://{clients.bracketed(asked.address)}:{asked.port}/"
    return clients.curl(asked.source, url, seconds=seconds).startswith(f"{asked.target.name} saw ")
