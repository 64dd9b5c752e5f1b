"""``netloom doctor``: what is wrong with this host, and how to mend it."""

from __future__ import annotations

from rich.console import Console

from controller.cli.exits import Exit
from ovsdb.doctor import diagnose


def examine(socket: str) -> Exit:
    """Print every check; fails if one of them did."""
    out = Console()
    findings = diagnose(socket.removeprefix("unix:"))
    for finding in findings:
        mark = "[green]ok  [/]" if finding.ok else "[red]bad [/]"
        out.print(mark, end="")
        out.print(f"{finding.check}: {finding.detail}", markup=False, highlight=False)
        if not finding.ok and finding.remedy:
            out.print(f"    mend it: {finding.remedy}", markup=False, highlight=False)
    return Exit.DONE if all(finding.ok for finding in findings) else Exit.REFUSED
