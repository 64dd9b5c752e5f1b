"""DHCP clients as systems run them, ``dhclient`` and ``udhcpc``, with all their files in the lab's own directory."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios.command import until

if TYPE_CHECKING:
    import subprocess

    from mininet_scenarios.machine import Station

SCRIPT = str(Path(__file__).with_name("lease_script.py"))
EVENTS = "LEASE_EVENTS"
CONFIGURATION = """
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
request subnet-mask, routers, domain-name, domain-name-servers, domain-search, interface-mtu, ntp-servers,
  rfc3442-classless-static-routes, dhcp6.name-servers, dhcp6.domain-search;
timeout 10;
retry 1;
reboot 2;
initial-interval 1;
backoff-cutoff 1;
"""
UDHCPC_OPTIONS = ("search", "staticroutes", "mtu", "ntpsrv")


class Client:
    """One client program on ``eth0`` of a station, running in the foreground until it is ended."""

    def __init__(self, station: Station, name: str, argv: tuple[str, ...]) -> None:
        self.station = station
        self.name = name
        path = station.machine.directory.path
        self.output = path / f"{station.name}.{name}"
        self._events = events_of(station, name)
        self._events.unlink(missing_ok=True)
        self._child: subprocess.Popen[str] = station.machine.spawn(
            *argv, output=self.output, environment={EVENTS: str(self._events)}
        )

    def events(self) -> list[dict[str, str]]:
        """What the client told its script so far; ``reason`` says what happened, in the client's own words."""
        if not self._events.exists():
            return []
        return [json.loads(line) for line in self._events.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def wait(self, *reasons: str, seconds: float = 10, after: int = 0) -> dict[str, str]:
        """Wait for one of some happenings, those before event number ``after`` apart; what was told then."""
        what = f"{self.station.name}'s {self.name} says {' or '.join(reasons)}"
        return (
            until(lambda: next((e for e in self.events()[after:] if e["reason"] in reasons), None), seconds, what) or {}
        )

    def signal(self, number: int) -> None:
        """Send it a signal: udhcpc renews by SIGUSR1 and releases by SIGUSR2."""
        self._child.send_signal(number)

    def end(self) -> None:
        """End it without a word to the server."""
        self._child.send_signal(signal.SIGKILL)
        self._child.wait(5)


def dhclient(station: Station, *options: str) -> Client:
    """ISC's client; ``-6`` asks for an IPv6 address, ``-6 -S`` for the rest only."""
    name = "dhclient6" if "-6" in options else "dhclient"
    return Client(station, name, ("dhclient", "-d", *_files(station, name), *options, "eth0"))


def release(station: Station, *options: str) -> None:
    """Have dhclient give its lease back."""
    name = "dhclient6" if "-6" in options else "dhclient"
    station.machine.run("dhclient", "-r", *_files(station, name), *options, "eth0")


def udhcpc(station: Station, *options: str) -> Client:
    """BusyBox's client; ``-a`` has it look whether the address is somebody else's."""
    asked = (word for option in UDHCPC_OPTIONS for word in ("-O", option))
    argv = ("udhcpc", "-f", "-i", "eth0", "-s", SCRIPT, "-t", "5", "-T", "1", "-A", "1", *asked, *options)
    return Client(station, "udhcpc", argv)


def events_of(station: Station, name: str) -> Path:
    """The file in which the script writes down what a client says."""
    return station.machine.directory.path / f"{station.name}.{name}-events"


def _files(station: Station, name: str) -> tuple[str, ...]:
    """The files of dhclient alone, and what it tells its script."""
    stem = station.machine.directory.path / f"{station.name}.{name}"
    configuration = stem.with_suffix(f".{name}-conf")
    configuration.write_text(CONFIGURATION)
    leases, pid = f"{stem}-leases", f"{stem}-pid"
    return (
        "-v",
        "-cf",
        str(configuration),
        "-lf",
        leases,
        "-pf",
        pid,
        "-sf",
        SCRIPT,
        "-e",
        f"{EVENTS}={events_of(station, name)}",
    )
