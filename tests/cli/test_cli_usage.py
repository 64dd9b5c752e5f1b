"""How the command line is called: wrongly, by shells that complete, and without a daemon."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from controller.cli import spelled_out
from controller.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Shell


def test_a_daemon_that_is_not_there(shell: Shell) -> None:
    said = shell("--url", "http://127.0.0.1:1", "get", "ports")
    assert (said.code, "start it with: netloom serve" in said.err) == (Exit.UNREACHABLE, True)


def test_a_token_that_is_wrong_or_missing(shell: Shell) -> None:
    said = shell("--token", "wrong", "get", "projects")
    assert (said.code, "NETLOOM_TOKEN" in said.err) == (Exit.REFUSED, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "routerz"),
        ("get", "port", "p"),
        ("delete", "port"),
        ("apply", "-f", "/nowhere.yaml"),
        ("apply",),
        ("frobnicate",),
        ("get", "ports", "-o", "xml"),
    ],
)
def test_wrong_usage(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell(*arguments).code == Exit.USAGE


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["apply", "--wait"], ["apply", "--wait", "30"]),
        (["apply", "--wait", "-f", "x"], ["apply", "--wait", "30", "-f", "x"]),
        (["apply", "--wait", "2.5", "-f", "x"], ["apply", "--wait", "2.5", "-f", "x"]),
        (["apply", "--wait=7"], ["apply", "--wait=7"]),
        ([], []),
    ],
)
def test_wait_may_leave_out_its_seconds(given: list[str], meant: list[str]) -> None:
    assert spelled_out(given) == meant


def test_nothing_at_all_is_answered_with_what_there_is(shell: Shell) -> None:
    said = shell()
    assert (said.code, "drain" in said.out + said.err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("netloom dra", ["drain"]),
        ("netloom get pathp", ["pathpolicies"]),
        ("netloom paths compute s1 s2 --objective l", ["latency", "load"]),
        ("netloom topology -o d", ["dot"]),
    ],
)
def test_a_shell_completes_what_is_begun(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, words: str, found: list[str]
) -> None:
    monkeypatch.setenv("_NETLOOM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert shell().out.split() == found


def test_settings_that_are_wrong_stop_the_start(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("http: {listen: nowhere}")
    command = [sys.executable, "-m", "controller", "serve", "--settings", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, "http.listen: give an address" in ended.stderr) == (Exit.USAGE, True)
