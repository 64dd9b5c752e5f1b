"""Meters by number: what a single port, or rule, may ask of the controller, so that none takes the others' share of it.

A meter's number says all there is to know of it: its class, and the OpenFlow port or the rule that it is for. So a flow
names a meter, and whoever sends the flow knows what meter to make first. Open vSwitch takes any number up to
0xffff0000, and 262,144 meters at a time for all bridges of one ovs-vswitchd (userspace datapath, 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

_CLASS_AT = 24
_PUNTS, _CROWDS, _LOGS, _PROBES = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Limit:
    """What passes: ``rate`` packets a second, and ``burst`` packets at once after a rest."""

    rate: int
    burst: int


_LIMITS = {_PUNTS: Limit(100, 200), _CROWDS: Limit(100, 400), _LOGS: Limit(10, 50), _PROBES: Limit(20, 40)}


def punt_meter(ofport: int) -> int:
    """The meter for what comes in at a port and goes to the controller."""
    return _PUNTS << _CLASS_AT | ofport


def probe_meter(ofport: int) -> int:
    """The meter for what comes in at a port of which nobody knows yet whose it is, and goes to the controller."""
    return _PROBES << _CLASS_AT | ofport


def crowd_meter(ofport: int) -> int:
    """The meter for what comes in at a port and is copied to everybody."""
    return _CROWDS << _CLASS_AT | ofport


@lru_cache(1 << 14)
def log_meter(rule_number: int) -> int:
    """The meter for the copies of what one rule logs; rules whose numbers have one hash share it."""
    digest = blake2b(rule_number.to_bytes(4, "big"), digest_size=_CLASS_AT // 8).digest()
    return _LOGS << _CLASS_AT | int.from_bytes(digest, "big")


def meter_spec(number: int) -> Limit | None:
    """What the meter of this number limits to; None for a number that is none of ours."""
    return _LIMITS.get(number >> _CLASS_AT)
