"""The switch's TLV map: the Geneve option that carries identities has a field there before any flow names it.

Where it cannot be, flows that need it are not sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.southbound import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow
    from controller.southbound.beside import Option
    from controller.southbound.duty import Duty
    from controller.southbound.framework import Connection


class TlvMap:
    """Whether the switch knows the option, as far as it has said."""

    def __init__(self, duty: Duty, connection: Connection) -> None:
        self._duty = duty
        self._connection = connection
        self._reason: str | None = None

    def take_in(self, held: tuple[Option, ...]) -> None:
        """Have the switch know the option, where it does not yet."""
        other = options.rival(held)
        if other is not None:
            self.fails(f"in its place is {other}")
        elif options.IDENTITY not in held:
            self._connection.send(options.identity_mapping())

    def fails(self, why: str) -> None:
        """The switch will not know it; told once."""
        reason = f"{options.IDENTITY}: {why}"
        if self._reason is None:
            self._duty.watcher.refused(self._duty.chassis, None, reason)
        self._reason = reason

    def barred(self, flows: Iterable[Flow]) -> Iterator[tuple[Flow, str]]:
        """The flows that need it where there is none, each with the reason."""
        if self._reason is not None:
            yield from ((flow, self._reason) for flow in flows if options.carries_identity(flow))
