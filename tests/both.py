"""The same flows in Open vSwitch and in the interpreter: tests send packets to both and have them agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import packets as p
from tests.frames import read, wire
from tests.walk import Bridge
from tests.wires import Wires

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from controller.flow.flow import Flow
    from tests.packets import Packet
    from tests.real_switch import RealSwitch


def at_wires(switch: RealSwitch, ports: Iterable[int]) -> Iterator[Wires]:
    """A bridge with such ports while the one who asked for it is at work."""
    made = Wires(switch, ports)
    made.start()
    yield made
    made.stop()


class Both:
    """The same flows in Open vSwitch and in the interpreter."""

    def __init__(self, wires: Wires, flows: Sequence[Flow]) -> None:
        self.bridge = Bridge(flows)
        self._wires = wires
        wires.hold(flows)

    def send(self, port: int, packet: Packet) -> list[tuple[int, Packet]]:
        """What both make of a packet, which is the same."""
        frame = wire(packet)
        told = self.bridge.walk(packet | {p.LENGTH: len(frame)}, port).outputs
        found = [(at, read(one)) for at, one in self._wires.send(port, frame)]
        expected = sorted(((at, read(wire(one))) for at, one in told), key=lambda out: out[0])
        assert found == expected, f"the switch gives {found}, the interpreter {expected}"
        return found
