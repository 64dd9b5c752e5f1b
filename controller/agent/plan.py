"""From duties and the kernel as it is to the steps that are missing, and what the host answers for each duty.

A block that the host reaches already is never given to a tenant's network: the host's own traffic would follow.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from controller.agent import netfilter
from controller.agent.kernel import (
    IP_FORWARD,
    IPV6_FORWARDING,
    AddAddress,
    BringUp,
    DropAddress,
    DropTable,
    Kernel,
    Step,
    Turn,
    WriteTable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from controller.agent.duties import Duty

DONE = "ok"
_IPV6 = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are to be taken, and the answer for each interface that is there."""

    steps: tuple[Step, ...]
    answers: Mapping[str, str]


def plan(duties: Iterable[Duty], kernel: Kernel) -> Plan:
    """Return what is missing; where nothing is, there are no steps."""
    present = sorted((duty for duty in duties if duty.interface in kernel.devices), key=lambda duty: duty.interface)
    granted, answers = _granted(present, kernel)
    steps = [*_restored(granted, kernel), *_settings(granted, kernel)]
    for duty in granted:
        if not duty.trouble:
            steps += _device(duty, kernel)
    return Plan(tuple(steps), answers)


def knobs(device: str) -> dict[str, str]:
    """What an interface of ours must not listen to: routers that a guest plays to its host."""
    return {
        accepts_routers(device): "0",
        f"net/ipv6/conf/{device}/accept_redirects": "0",
        f"net/ipv4/conf/{device}/accept_redirects": "0",
    }


def accepts_routers(device: str) -> str:
    """The setting by which a device listens to router advertisements: 1 unless the host routes, 2 always."""
    return f"net/ipv6/conf/{device}/accept_ra"


def _granted(present: Sequence[Duty], kernel: Kernel) -> tuple[list[Duty], dict[str, str]]:
    """The duties with the addresses that can be, and the answer for each."""
    ours = {duty.interface for duty in present}
    taken = [(ipaddress.ip_network(route.block), route.device) for route in kernel.routes if route.device not in ours]
    granted, answers = [], {}
    # Who has its addresses already keeps them, whoever else comes to ask for the same.
    for duty in sorted(present, key=lambda duty: (not duty.link, not kernel.devices[duty.interface].addresses)):
        clash = "" if duty.link else next(_clashes(duty, taken), "")
        answers[duty.interface] = duty.trouble or clash or DONE
        held = replace(duty, addresses=()) if duty.trouble or clash else duty
        taken += [(ipaddress.ip_interface(address).network, duty.interface) for address in held.addresses]
        granted.append(held)
    return granted, answers


def _clashes(duty: Duty, taken: Iterable[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]) -> Iterator[str]:
    blocks = [ipaddress.ip_interface(address).network for address in duty.addresses]
    for block in blocks:
        for other, device in taken:
            if other.prefixlen and other.version == block.version and other.overlaps(block):
                yield f"{block} would take {other} from {device}, by which this host reaches it"


def _settings(granted: Sequence[Duty], kernel: Kernel) -> Iterator[Step]:
    """Forwarding as long as a link needs it, and the table that says what may pass."""
    link = next((duty for duty in granted if duty.link), None)
    asked = _asked(kernel) if link else {}
    before = kernel.table.remembered if kernel.table else {}
    changed = {knob: kernel.knobs[knob] for knob, value in asked.items() if kernel.knobs.get(knob, value) != value}
    if granted:
        remembered = {**changed, **before} if link else {}
        forwards = link.forwards if link else ()
        shape = (netfilter.digest(forwards, remembered, link=bool(link)), len(remembered))
        if _differs(kernel, *shape, netfilter.count(forwards, remembered, link=bool(link))):
            device = link.interface if link else ""
            yield WriteTable(device, netfilter.document(forwards, remembered, link=bool(link)))
    yield from (Turn(link.interface if link else "", knob, asked[knob]) for knob in changed)


def _differs(kernel: Kernel, digest: str, remembered: int, count: int) -> bool:
    found = kernel.table
    return found is None or (found.digest, len(found.remembered), found.rules) != (digest, remembered, count)


def _asked(kernel: Kernel) -> dict[str, str]:
    """The settings of a host that routes; it goes on listening to the routers that it listened to."""
    routers = dict.fromkeys(accepts_routers(route.device) for route in kernel.routes if route.advertised)
    listening = {knob: "2" for knob in routers if kernel.knobs.get(knob) in {"1", "2"}}
    return listening | {IP_FORWARD: "1", IPV6_FORWARDING: "1"}


def _restored(granted: Sequence[Duty], kernel: Kernel) -> Iterator[Step]:
    """What nobody needs any more goes back to what it was before us, unless somebody changed it since."""
    if kernel.table is None or any(duty.link for duty in granted):
        return
    for knob, value in sorted(kernel.table.remembered.items(), reverse=True):
        ours = "2" if knob.endswith("accept_ra") else "1"
        if kernel.knobs.get(knob) == ours:
            yield Turn("", knob, value)
    if not granted:
        yield DropTable()


def _device(duty: Duty, kernel: Kernel) -> Iterator[Step]:
    device = kernel.devices[duty.interface]
    for knob, value in knobs(device.name).items():
        if kernel.knobs.get(knob, value) != value:
            yield Turn(device.name, knob, value)
    without_ipv6 = IPV6_FORWARDING not in kernel.knobs
    wanted = [a for a in duty.addresses if not (without_ipv6 and ipaddress.ip_interface(a).version == _IPV6)]
    for address in sorted(device.addresses - set(wanted)):
        yield DropAddress(device.name, address)
    if not device.up:
        yield BringUp(device.name)
    for address in wanted:
        if address not in device.addresses:
            yield AddAddress(device.name, address)
