"""Meters by number: what a single port may ask of the controller, so that no port can take the others' share of it.

A meter's number says all there is to know of it: its class, and the OpenFlow port that it is for. So a flow names a
meter, and whoever sends the flow knows what meter to make first. Open vSwitch takes any number up to 0xffff0000, and
262,144 meters at a time for all bridges of one ovs-vswitchd (userspace datapath, 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

_CLASS_AT = 24
_PUNTS, _CROWDS = 1, 2


@dataclass(frozen=True, slots=True)
class Limit:
    """What passes: ``rate`` packets a second, and ``burst`` packets at once after a rest."""

    rate: int
    burst: int


_LIMITS = {_PUNTS: Limit(100, 200), _CROWDS: Limit(100, 400)}


def punt_meter(ofport: int) -> int:
    """The meter for what comes in at a port and goes to the controller."""
    return _PUNTS << _CLASS_AT | ofport


def crowd_meter(ofport: int) -> int:
    """The meter for what comes in at a port and is copied to everybody."""
    return _CROWDS << _CLASS_AT | ofport


def meter_spec(number: int) -> Limit | None:
    """What the meter of this number limits to; None for a number that is none of ours."""
    return _LIMITS.get(number >> _CLASS_AT)
