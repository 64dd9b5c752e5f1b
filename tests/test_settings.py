"""Settings are read, or the key that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.errors import SettingsError
from controller.settings import Settings, endpoint, load


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return path


def test_everything_is_optional(tmp_path: Path) -> None:
    assert load(None, {}) == load(written(tmp_path, ""), {}) == Settings()


def test_a_file_sets_and_the_environment_has_the_last_word(tmp_path: Path) -> None:
    path = written(tmp_path, "http: {listen: '127.0.0.1:1'}\nnetwork: {underlay_mtu: 9000}\n")
    environ = {
        "NETLOOM_HTTP_LISTEN": "'[::1]:8080'",
        "NETLOOM_LOG_LEVEL": "debug",
        "NETLOOM_OVSDB_HOSTS": "[tcp:h:6640]",
    }
    found = load(path, environ)
    assert (found.http.listen, found.log_level, found.network.underlay_mtu) == ("[::1]:8080", "debug", 9000)
    assert found.ovsdb.hosts == ("tcp:h:6640",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("htp: {}", "htp: there is no such setting"),
        ("http: {listen: 7070}", "http.listen"),
        ("http: {listen: 'here'}", "http.listen: give an address and a port"),
        ("http: {listen: 'h:70000'}", "http.listen: give an address and a port"),
        ("http: {max_body: 1}", "http.max_body"),
        ("framework: pox", "framework"),
        ("ovsdb: {hosts: ['http://x']}", "ovsdb.hosts.0: give an OVSDB address"),
        ("[a]", "must hold a mapping"),
        ("a: [", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words.replace("[", r"\[")):
        load(written(tmp_path, text), {})


def test_a_missing_file_and_a_wrong_variable_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read"):
        load(tmp_path / "none.yaml", {})
    with pytest.raises(SettingsError, match=r"network\.underlay_mtu"):
        load(None, {"NETLOOM_NETWORK_UNDERLAY_MTU": "many"})
    with pytest.raises(SettingsError, match="NETLOOM_HTTP_LISTEN"):
        load(written(tmp_path, "http: 3"), {"NETLOOM_HTTP_LISTEN": "h:1"})


def test_endpoints_are_hosts_and_ports() -> None:
    assert endpoint("[::1]:80") == ("::1", 80)
    assert endpoint("host:0") == ("host", 0)
