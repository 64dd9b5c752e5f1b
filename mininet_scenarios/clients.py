"""Programs that people use on their machines, run there to their end, and what they said."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mininet_scenarios.machine import Station

HOP = re.compile(r"^\s*\d+(?:\s+\*)*\s*([0-9a-f.:]*)")
ICMP_HEADERS = {4: 28, 6: 48}


def curl(station: Station, url: str, *options: str, seconds: float = 2) -> str:
    """What the server at ``url`` answers; an empty text if it does not within ``seconds``."""
    return _said(station, "curl", "--globoff", "--silent", "--max-time", str(seconds), *options, url).strip()


def seen_as(station: Station, address: str, port: int = 80) -> str:
    """The address that a witness at ``address`` sees the station by; empty if it does not answer."""
    words = curl(station, f"http://{bracketed(address)}:{port}/").split()
    return words[2] if len(words) == 4 and words[1] == "saw" else ""


def dig(station: Station, server: str, name: str, kind: str = "A") -> list[str]:
    """What a DNS server answers to a question, record by record."""
    asked = (f"@{server}", name, kind, "+short", "+time=2", "+tries=2")
    return [line for line in _said(station, "dig", *asked).split() if not line.startswith(";")]


def traceroute(station: Station, address: str, *options: str) -> list[str]:
    """The address of each hop, ``*`` where nobody said anything."""
    shown = _said(station, "traceroute", "-n", "-N", "1", "-q", "2", "-w", "1", "-m", "8", *options, address)
    return [found[1] or "*" for line in shown.splitlines()[1:] if (found := HOP.match(line))]


def fits(station: Station, address: str, size: int, whole: str = "do") -> bool:
    """Whether an IP packet of ``size`` bytes reaches an address and comes back: ``ping -M do -s``.

    It must not be cut on the way, unless ``whole`` is ``dont``.
    """
    payload = size - ICMP_HEADERS[6 if ":" in address else 4]
    argv = ("ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-M", whole, "-s", str(payload), address)
    return "bytes from" in _said(station, *argv)


def path_mtu(station: Station, address: str) -> int:
    """The MTU that the station's kernel learned for the way to an address, by packet-too-big messages; 0 if none."""
    words = station.machine.run("ip", "route", "get", address).split()
    return int(words[words.index("mtu") + 1]) if "mtu" in words else 0


def iperf(station: Station, address: str, *options: str, seconds: int = 2) -> float:
    """Bits a second that one TCP stream carries to an iperf3 server; 0 if it does not get through."""
    argv = ("iperf3", "--client", address, "--json", "--time", str(seconds), "--connect-timeout", "2000", *options)
    said = json.loads(_said(station, *argv) or "{}")
    return float(said.get("end", {}).get("sum_received", {}).get("bits_per_second", 0))


def fetch(station: Station, address: str, *, active: bool = False, seconds: int = 5) -> int:
    """Bytes of the file ``story`` that ``ftp`` brings from an address; ``active`` has the server connect back.

    It gives up when nothing came for so many ``seconds``.
    """
    target = station.machine.directory.path / f"{station.name}.story"
    target.unlink(missing_ok=True)
    options = ("-A" if active else "-p", "-q", str(seconds), "-V", "-a", "-o", str(target))
    _said(station, "tnftp", *options, f"ftp://{bracketed(address)}/story")
    return target.stat().st_size if target.exists() else 0


def solicit(station: Station) -> dict[str, str]:
    """What routers advertise to ``rdisc6``: its lines as names and values."""
    lines = _said(station, "rdisc6", "-1", "-r", "3", "-w", "1000", "eth0").splitlines()
    pairs = (line.partition(":")[::2] for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def bracketed(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def _said(station: Station, *argv: str) -> str:
    """Whatever a program wrote before it ended, however it ended."""
    return station.machine.run("sh", "-c", '"$@" 2>&1 || true', "sh", *argv)
