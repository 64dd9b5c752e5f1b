"""Servers that stories start on machines: a witness, iperf3, FTP, and a DNS server of the world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios.command import CommandFailed, until

if TYPE_CHECKING:
    import subprocess

    from mininet_scenarios.machine import Station

LISTENING = ("ss", "-Hlntu")


def witness(*stations: Station, ports: tuple[int, ...] = (80,)) -> None:
    """Serve HTTP and datagrams on ``ports`` of each; answers say the station's name and whom it saw."""
    program = str(Path(__file__).with_name("witness.py"))
    outputs = [station.machine.directory.path / f"{station.name}.witness" for station in stations]
    for station, output in zip(stations, outputs, strict=True):
        argv = (sys.executable, program, station.name, *map(str, ports))
        station.machine.spawn(*argv, output=output)
    until(lambda: all("listening" in output.read_text() for output in outputs), 20, f"all listen on {ports}")


def iperf(station: Station, port: int = 5201) -> None:
    """Serve iperf3."""
    _serve(station, "iperf3", ("iperf3", "--server", "--port", str(port)), port)


def ftp(station: Station) -> None:
    """Serve one file, ``story``, by FTP, to anybody; passive ports are 30000 to 30009."""
    folder = station.machine.directory.path / f"{station.name}-ftp"
    folder.mkdir()
    (folder / "story").write_text("once upon a time\n" * 1000)
    argv = (sys.executable, "-W", "ignore", "-m", "pyftpdlib", "--port", "21", "--range", "30000-30009")
    _serve(station, "ftpd", (*argv, "--directory", str(folder)), 21)


def dns(station: Station, records: dict[str, str]) -> None:
    """Answer DNS questions by ``records``, names to addresses, and refuse all others."""
    addresses = (f"--host-record={name},{address}" for name, address in records.items())
    quiet = ("--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--log-facility=-")
    _serve(station, "dnsmasq", ("dnsmasq", "--keep-in-foreground", *quiet, *addresses), 53)


def _serve(station: Station, name: str, argv: tuple[str, ...], *ports: int) -> None:
    output = station.machine.directory.path / f"{station.name}.{name}"
    child = station.machine.spawn(*argv, output=output)
    until(lambda: _listens(station, child, output, ports), 10, f"{station.name}'s {name} listens on {ports}")


def _listens(station: Station, child: subprocess.Popen[str], output: Path, ports: tuple[int, ...]) -> bool:
    if child.poll() is not None:
        raise CommandFailed(f"{output.name} ended: {output.read_text()}")
    taken = {line.split()[4].rpartition(":")[2] for line in station.machine.run(*LISTENING).splitlines()}
    return taken.issuperset(map(str, ports))
