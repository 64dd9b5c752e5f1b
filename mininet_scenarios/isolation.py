"""Every machine's interface is watched while frames are sent, for words that another tenant wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mininet_scenarios.forgery import sender, tokens
from mininet_scenarios.wire import Wire, collect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mininet_scenarios.story import Story


def prove_apart(story: Story, seen: dict[str, set[str]]) -> None:
    """No machine saw a word of the other tenant."""
    crossed = [
        f"{token}, at {name}"
        for name, words in seen.items()
        for token in words
        if tenant(sender(token)) != tenant(name)
    ]
    counted = sum(map(len, seen.values()))
    story.check(
        "nothing crossed between the tenants", not crossed, sorted(crossed)[:5] or f"{counted} arrivals looked at"
    )


def volley(wires: list[Wire], frames: Iterable[tuple[str, bytes]]) -> dict[str, set[str]]:
    """Send each frame from the machine that its token names; what was found at each machine."""
    by_name = {wire.vm.name: wire for wire in wires}
    for wire in wires:
        wire.received()
    seen: dict[str, set[str]] = {name: set() for name in by_name}
    for number, (token, frame) in enumerate(frames):
        by_name[sender(token)].send(frame)
        if number % 50 == 49:  # no queue on the way is deeper than that
            gather(seen, wires, quiet=0.02)
    gather(seen, wires, quiet=0.4)
    return seen


def gather(seen: dict[str, set[str]], wires: list[Wire], quiet: float) -> None:
    """Add what comes in until it is quiet."""
    for name, frames in collect(wires, quiet).items():
        seen[name] |= tokens(frames)


def tenant(machine: str) -> str:
    """The tenant of a machine, which is what its name begins with."""
    return machine.partition("-")[0]
