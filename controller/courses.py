"""What relations make of path policies and service chains: whom they speak of, in what order, and where that is.

Nobody writes these: ``apps`` derives them. What steers packets, a path policy or a service chain, is a *course*; its
key is the kind of its resource, a colon, and the resource's key, like ``PathPolicy:acme/video``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from controller.links import OnFailure, Traffic

Fault = Literal["", "down", "no_link", "cut_off"]
PATH_POLICY, SERVICE_CHAIN = "PathPolicy", "ServiceChain"
HANDOVER = 0xFF0000
"""The VNI under which a tunnel carries frames to a middlebox: this, and the number of the port that is to get them."""
MIDDLEBOXES = "middleboxes "
"""What the chassis that a course's middleboxes are on are called together: this, and the course's key."""


@dataclass(frozen=True, slots=True)
class Course:
    """A path policy or service chain as far as packets are told apart by it; ``symmetric``: their answers as well.

    ``form`` tells chains of the same key apart that have other steps: packets under way go on as they began.
    """

    key: str
    project: str
    traffic: Traffic
    priority: int
    symmetric: bool = False
    form: str = ""

    @property
    def name(self) -> str:
        """What its number is made of."""
        return f"{self.key}|{self.form}"

    @property
    def chain(self) -> bool:
        """Whether it is a service chain."""
        return self.key.startswith(SERVICE_CHAIN)


@dataclass(frozen=True, slots=True)
class Precedence:
    """Where a course (its key) stands among those of its project, from 0, and its number (1..2**22-1) in registers."""

    key: str
    place: int
    number: int


@dataclass(frozen=True, slots=True)
class Interest:
    """The courses that speak of ports of an identity (its key) as senders and as receivers.

    ``some_sources`` and ``some_targets`` speak of those that have certain addresses.
    """

    key: str
    number: int
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    some_sources: tuple[str, ...]
    some_targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stake:
    """The courses that speak of a plugged-in port (its key) as sender and as receiver, and what they know it by.

    ``identity`` is the number. ``macs`` are those that it alone has in its network. ``aimed``: packets for it may be
    steered. ``returns`` are the chains that give it packets back, each with whether these are answers.
    """

    key: str
    chassis: str
    realm: str
    network: str
    vni: int
    identity: int
    macs: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    aimed: bool
    returns: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Departure:
    """That packets of a course leave by a router, or come in by it; key ``course|router``.

    ``network`` is one of those it is on, where it has ``mac``. ``seat`` is the chassis of its exit, None where there is
    none and where every chassis is one (``everywhere``). ``outward``: what its senders send leaves; ``inward``: what
    its receivers get comes from outside.
    """

    key: str
    course: str
    router: str
    realm: str
    network: str
    mac: str
    seat: str | None
    everywhere: bool
    outward: bool
    inward: bool


@dataclass(frozen=True, slots=True)
class Middlebox:
    """A port of a middlebox (its key) where it is plugged in; ``chain`` is its service chain's key.

    ``step`` is its step's place, from 0; ``outward``: what goes in the chain's direction comes out of it. ``fault``
    says why it cannot be used: it is set down, its switch says that it has no link, or no other bridge is in reach.
    """

    key: str
    chain: str
    step: int
    outward: bool
    chassis: str
    interface: str
    ofport: int
    fault: Fault = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where one instance of a step gets what goes in the chain's direction, and what answers: chassis and port."""

    inward: tuple[str, int]
    outward: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A service chain (its key) as it stands: of each step the instances, None in place of one that is dead."""

    key: str
    steps: tuple[tuple[Stop | None, ...], ...]
    symmetric: bool
    on_failure: OnFailure


@dataclass(frozen=True, slots=True)
class Foothold:
    """That packets of a realm come back from a middlebox on a chassis; its key is ``realm@chassis@chain``."""

    key: str
    realm: str
    chassis: str
