"""The kernel itself: read by netlink, ``nft`` and /proc/sys, and changed one step at a time."""

from __future__ import annotations

import ipaddress
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from controller.agent import netfilter, plan
from controller.agent.kernel import (
    IP_FORWARD,
    IPV6_FORWARDING,
    AddAddress,
    BringUp,
    Device,
    DropAddress,
    DropTable,
    Kernel,
    Route,
    Step,
    Table,
    Turn,
    WriteTable,
)
from controller.errors import NetloomError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_SYSCTL = Path("/proc/sys")
_NFT_SECONDS = 30.0
_UP = 0x1
_LINK_SCOPE = 253
_ADVERTISED = 9  # RTPROT_RA
_MAIN = 254
_NO_DAD = 0x02
_NOWHERE = {4: "0.0.0.0/0", 6: "::/0"}


class KernelRefused(NetloomError):
    """The kernel, or nft, would not do a step."""


def read(names: Collection[str]) -> Kernel:
    """What stands of the devices ``names``, and of what all of them need. Raises KernelRefused."""
    try:
        with IPRoute() as netlink:
            devices = {name: device for name in sorted(names) if (device := _device(netlink, name)) is not None}
            routes = tuple(_routes(netlink))
    except (NetlinkError, OSError) as error:
        raise KernelRefused(f"netlink: {error}") from error
    table = _table()
    remembered = table.remembered if table else {}
    listening = [plan.accepts_routers(route.device) for route in routes if route.advertised]
    own = [knob for name in devices for knob in plan.knobs(name)]
    return Kernel(devices, routes, _knobs({IP_FORWARD, IPV6_FORWARDING, *remembered, *listening, *own}), table)


def take(step: Step) -> None:
    """Do one step. Raises KernelRefused with what the kernel said."""
    try:
        match step:
            case Turn(knob=knob, value=value):
                (_SYSCTL / knob).write_text(value)
            case WriteTable(document=document):
                _nft(document, "-f", "-")
            case DropTable():
                _nft("", "delete", "table", netfilter.FAMILY, netfilter.NAME)
            case _:
                with IPRoute() as netlink:
                    _change(netlink, step)
    except (NetlinkError, OSError) as error:
        raise KernelRefused(f"{step}: {error}") from error


def _change(netlink: Any, step: AddAddress | DropAddress | BringUp) -> None:
    index = netlink.link_lookup(ifname=step.device)
    if not index:
        return  # it went meanwhile, and everything that was its own with it
    match step:
        case AddAddress(address=address):
            netlink.addr("add", index=index[0], **_address(address))
        case DropAddress(address=address):
            found = ipaddress.ip_interface(address)
            netlink.addr("del", index=index[0], address=str(found.ip), prefixlen=found.network.prefixlen)
        case BringUp():
            netlink.link("set", index=index[0], state="up")


def _address(address: str) -> dict[str, Any]:
    """An IPv6 address serves at once: who has it is known, and nobody has to be asked."""
    found = ipaddress.ip_interface(address)
    flags = {"flags": _NO_DAD} if found.version == 6 else {}  # noqa: PLR2004 - IPv6
    return {"address": str(found.ip), "prefixlen": found.network.prefixlen} | flags


def _device(netlink: Any, name: str) -> Device | None:
    index = netlink.link_lookup(ifname=name)
    if not index:
        return None
    (link,) = netlink.get_links(index[0])
    found = netlink.get_addr(index=index[0])
    addresses = (f"{one.get_attr('IFA_LOCAL') or one.get_attr('IFA_ADDRESS')}/{one['prefixlen']}" for one in found)
    given = frozenset(str(ipaddress.ip_interface(a)) for a in addresses if not _made_up(a))
    return Device(name, bool(link["flags"] & _UP), given)


def _made_up(address: str) -> bool:
    found = ipaddress.ip_interface(address)
    return found.version == 6 and found.is_link_local  # noqa: PLR2004 - IPv6


def _routes(netlink: Any) -> Iterator[Route]:
    names: dict[int, str] = {}
    for family, version in ((2, 4), (10, 6)):
        for route in netlink.get_routes(family=family, table=_MAIN):
            if route.get_attr("RTA_TABLE") != _MAIN:
                continue
            index = route.get_attr("RTA_OIF") or _first_hop(route)
            if index and index not in names:
                names[index] = _name(netlink, index)
            target = route.get_attr("RTA_DST")
            block = f"{target}/{route['dst_len']}" if target else _NOWHERE[version]
            yield Route(block, names.get(index, ""), advertised=route["proto"] == _ADVERTISED)


def _first_hop(route: Any) -> int:
    hops = route.get_attr("RTA_MULTIPATH") or [{}]
    return int(hops[0].get("oif", 0))


def _name(netlink: Any, index: int) -> str:
    links = netlink.get_links(index)
    return str(links[0].get_attr("IFLA_IFNAME")) if links else ""


def _knobs(paths: Collection[str]) -> dict[str, str]:
    return {path: value for path in paths if (value := _knob(path)) is not None}


def _knob(path: str) -> str | None:
    try:
        return (_SYSCTL / path).read_text().strip()
    except FileNotFoundError:  # a kernel without IPv6, or a device that went
        return None
    except OSError as error:
        raise KernelRefused(f"{path}: {error}") from error


def _table() -> Table | None:
    listing = _nft("", "-j", "list", "tables", netfilter.FAMILY)
    if f'"{netfilter.NAME}"' not in listing:
        return None
    try:
        return netfilter.table(_nft("", "-j", "list", "table", netfilter.FAMILY, netfilter.NAME))
    except (ValueError, KeyError) as error:
        raise KernelRefused(f"nft: its list of our table cannot be read: {error}") from error


def _nft(document: str, *arguments: str) -> str:
    command = ["nft", *(["-j"] if document else []), *arguments]
    try:
        done = subprocess.run(command, input=document, check=True, capture_output=True, text=True, timeout=_NFT_SECONDS)
    except subprocess.CalledProcessError as error:
        raise KernelRefused(f"{' '.join(command)}: {error.stderr.strip()[:500]}") from error
    except subprocess.TimeoutExpired as error:
        raise KernelRefused(f"{' '.join(command)} does not end") from error
    except FileNotFoundError as error:
        raise KernelRefused("nft is not installed: apt-get install nftables") from error
    return done.stdout
