"""What an operator may set: where the daemon listens, where its state lies, what new networks get by default.

Everything is optional. A YAML file gives the sections below; ``NETLOOM_<SECTION>_<KEY>`` in the environment (such as
``NETLOOM_HTTP_LISTEN``, or ``NETLOOM_LOG_LEVEL`` for a key outside a section) has the last word. A setting that cannot
be used stops the start with a sentence that names it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from controller.errors import SettingsError

_LISTEN = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([^:\s\[\]]+)):(\d{1,5})")
_OVSDB = re.compile(r"p?(?:unix:\S+|(?:tcp|ssl):\S+)")
_MAX_TCP_PORT = 65535


def endpoint(text: str) -> tuple[str, int]:
    """Host and port of ``127.0.0.1:7070`` or ``[::1]:7070``; raises ValueError."""
    found = _LISTEN.fullmatch(text)
    if found is None or int(found[3]) > _MAX_TCP_PORT:
        raise ValueError("give an address and a port, like 127.0.0.1:7070 or [::1]:7070")
    return found[1] or found[2], int(found[3])


def _listen(text: str) -> str:
    endpoint(text)
    return text


def _ovsdb_address(text: str) -> str:
    if _OVSDB.fullmatch(text) is None:
        raise ValueError("give an OVSDB address, like unix:/run/openvswitch/db.sock, tcp:192.0.2.1:6640 or ptcp:6640")
    return text


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


Listen = Annotated[str, AfterValidator(_listen)]
OvsdbAddress = Annotated[str, AfterValidator(_ovsdb_address)]
IpAddress = Annotated[str, AfterValidator(_address)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(_Section):
    """The northbound side; ``max_body`` and the read deadline bound what one request may cost."""

    listen: Listen = "127.0.0.1:7070"
    max_body: int = Field(default=64 << 20, ge=1 << 10, le=1 << 30, description="bytes")
    read_timeout: float = Field(default=30.0, gt=0, le=3600, description="seconds until a body must have arrived whole")


class Openflow(_Section):
    """Where switches reach the daemon; ``advertise`` overrides the targets that are written to them."""

    listen: Listen = "0.0.0.0:6653"
    advertise: tuple[str, ...] = ()


class Ovsdb(_Section):
    """How hosts are joined: addresses to listen on, addresses to call, and the local socket where it exists."""

    listen: tuple[OvsdbAddress, ...] = ("ptcp:6640",)
    hosts: tuple[OvsdbAddress, ...] = ()
    local: bool = True


class Tls(_Section):
    """Files for ssl: and pssl: addresses."""

    private_key: Path | None = None
    certificate: Path | None = None
    ca: Path | None = None


class IntentDatabase(_Section):
    """Addresses of the ovsdb-servers that hold intent; none means a private one that the daemon starts."""

    database: tuple[OvsdbAddress, ...] = ()


class Network(_Section):
    """What networks get that do not say; the underlay's MTU and IP version decide how large guests' packets are."""

    quarantine: float = Field(
        default=60.0, ge=0, le=86400, description="seconds that an address rests before another port gets it"
    )
    segment_mtu: int = Field(default=1500, ge=576, le=65535, description="bytes that physical networks carry")
    host_forwards_from: int = Field(
        default=1024, ge=1, le=65535, description="lowest port of the hosts' own addresses that may be forwarded"
    )
    default_encap: Literal["vxlan", "geneve", "gre"] = "vxlan"
    underlay_mtu: int = Field(default=1500, ge=576, le=65535, description="bytes")
    underlay_ip: Literal[4, 6] = 4
    dns_forwarders: tuple[IpAddress, ...] | None = Field(
        default=None, description="resolvers for names that are no port's; default: those of this host"
    )


class Topology(_Section):
    """How bridges look for links, how soon silence counts, and how calmly loads are spread; times in seconds."""

    probe_interval: float = Field(default=1.0, gt=0, le=60, description="seconds between probes of a port")
    probe_misses: int = Field(
        default=3, ge=2, le=100, description="probes that may fail to arrive before a link is down"
    )
    link_mtu: int = Field(
        default=1600, ge=0, le=65535, description="bytes, on links whose database is in reach; 0: as they are"
    )
    bfd_interval: int = Field(default=100, ge=10, le=10_000, description="ms, on links whose database is in reach")
    load_interval: float = Field(
        default=5.0, gt=0, le=300, description="seconds between readings of the ports' counters"
    )
    hold_down: float = Field(default=30.0, ge=0, le=3600, description="seconds before a placed load may move again")
    improvement: float = Field(default=0.1, ge=0, le=1, description="share of the highest load that a move has to save")


class Settings(_Section):
    """All settings of one daemon."""

    state_dir: Path = Path("/var/lib/netloom")
    framework: Literal["os_ken", "ryu"] = "os_ken"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    http: Http = Http()
    openflow: Openflow = Openflow()
    ovsdb: Ovsdb = Ovsdb()
    tls: Tls = Tls()
    intent: IntentDatabase = IntentDatabase()
    network: Network = Network()
    topology: Topology = Topology()


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file (None: the defaults) under those of the environment; raises SettingsError."""
    found = _file(path) if path is not None else {}
    for variable, keys in _variables().items():
        if variable in environ:
            _put(found, keys, yaml.safe_load(environ[variable]), variable)
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(e["loc"], e["msg"]) for e in error.errors())) from error


def _file(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"settings file {path} cannot be read: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingsError(f"settings file {path} must hold a mapping of settings")
    return found


def _variables() -> dict[str, tuple[str, ...]]:
    """Each environment variable that is looked at, with the path of the key that it overrides."""
    names: dict[str, tuple[str, ...]] = {}
    for key, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            names.update({f"NETLOOM_{key}_{inner}".upper(): (key, inner) for inner in section.model_fields})
        else:
            names[f"NETLOOM_{key}".upper()] = (key,)
    return names


def _put(found: dict[str, Any], keys: tuple[str, ...], value: object, variable: str) -> None:
    if len(keys) == 1:
        found[keys[0]] = value
        return
    section = found.setdefault(keys[0], {})
    if not isinstance(section, dict):
        raise SettingsError(f"{keys[0]}: must be a section, so that {variable} can override a key of it")
    section[keys[1]] = value


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    if message == "Extra inputs are not permitted":
        message = "there is no such setting"
    return f"{'.'.join(str(part) for part in location)}: {message.removeprefix('Value error, ')}"
