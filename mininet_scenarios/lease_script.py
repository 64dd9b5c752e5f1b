#!/usr/bin/env python3
"""What a DHCP client runs when something happens to its lease: writes it down and makes the interface so.

``dhclient`` and ``udhcpc`` call it in their machine's namespace with all that they know in the environment, each in its
own words. Nothing of the system's is touched: what was told is appended to the file that ``LEASE_EVENTS`` names.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

GAINED = {"BOUND", "RENEW", "REBIND", "REBOOT", "BOUND6", "RENEW6", "REBIND6", "REBOOT6", "bound", "renew"}
ON_LINK = "0.0.0.0"  # noqa: S104  # no address to bind to: RFC 3442 says by it that there is no router
LOST = {"EXPIRE", "RELEASE", "STOP", "FAIL", "EXPIRE6", "RELEASE6", "STOP6", "DEPREF6", "deconfig"}


@dataclass(frozen=True)
class Lease:
    """An address with its prefix length, the MTU, and routes as pairs of block and next hop."""

    address: str
    mtu: str
    routes: list[tuple[str, str]]


def lease(said: dict[str, str]) -> Lease | None:
    """The lease that a client speaks of, or None where it has no address."""
    if "new_ip6_address" in said:
        return Lease(f"{said['new_ip6_address']}/{said.get('new_ip6_prefixlen', '64')}", "", [])
    if "new_ip_address" in said:
        prefix = ip_network(f"0.0.0.0/{said['new_subnet_mask']}").prefixlen
        routes = classless(said.get("new_rfc3442_classless_static_routes", "")) or by(said.get("new_routers", ""))
        return Lease(f"{said['new_ip_address']}/{prefix}", said.get("new_interface_mtu", ""), routes)
    if "ip" in said:
        words = said.get("staticroutes", "").split()
        routes = list(zip(words[::2], words[1::2], strict=True)) or by(said.get("router", ""))
        return Lease(f"{said['ip']}/{said['mask']}", said.get("mtu", ""), routes)
    return None


def by(routers: str) -> list[tuple[str, str]]:
    """The default route by the first router, as option 3 has it."""
    return [("default", routers.split(maxsplit=1)[0])] if routers else []


def classless(octets: str) -> list[tuple[str, str]]:
    """Option 121 as dhclient shows it: prefix length, significant octets of the block, next hop; RFC 3442."""
    left = octets.split()
    routes = []
    while left:
        length = int(left[0])
        end = 1 + (length + 7) // 8
        block = ".".join([*left[1:end], "0", "0", "0", "0"][:4])
        routes.append((f"{block}/{length}", ".".join(left[end : end + 4])))
        left = left[end + 4 :]
    return routes


def commands(reason: str, interface: str, found: Lease | None) -> list[str]:
    """What makes the interface so, as words for ``ip``."""
    if reason in LOST:
        family = "-6" if reason.endswith("6") else "-4"
        return [f"{family} address flush dev {interface} scope global"]
    if found is None or reason not in GAINED:
        return [f"link set {interface} up"]
    mtu = [f"link set {interface} mtu {found.mtu}"] if found.mtu else []
    routes = [
        f"route replace {block} via {hop} dev {interface} onlink" for block, hop in found.routes if hop != ON_LINK
    ]
    return [*mtu, f"address replace {found.address} dev {interface}", *routes]


def main() -> None:
    """Do what is said, then write it down: who reads that it happened finds it done."""
    said = dict(os.environ)
    reason = said.get("reason") or sys.argv[1]
    declined = reason == "BOUND" and "LEASE_DECLINED" in said
    for command in () if declined else commands(reason, said["interface"], lease(said)):
        subprocess.run(["ip", *command.split()], check=True)
    told = {name: value for name, value in said.items() if name.islower()}
    with Path(said["LEASE_EVENTS"]).open("a") as events:
        events.write(json.dumps({**told, "reason": reason}) + "\n")
    sys.exit(declined)  # an error, by which dhclient is told that somebody else has the address


if __name__ == "__main__":
    main()
