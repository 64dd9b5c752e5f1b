"""The framework behind one door: os-ken, or Ryu 4.34, on the eventlet hub; nothing else in netloom imports either.

``controller.green.patch`` must have run before this is imported. The framework accepts switches, shakes
hands and answers echoes. What is about flows, packets and ports goes past its parsers, as bytes, to
``controller.southbound``.
"""

from __future__ import annotations

import importlib
import struct
from typing import TYPE_CHECKING, Any, Protocol, cast

import structlog

from controller.southbound import handshake, inbound, wire
from controller.southbound.outbox import Outbox
from controller.southbound.ports import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.southbound.ports import PortDescription, PortNews

_log = structlog.get_logger(__name__)
ECHO_INTERVAL = 5
UNREPLIED_ECHOES = 2
HANDSHAKE_SECONDS = 10
MOST_STRANGERS = 256
DEAD = "dead"


class Switchboard(Protocol):
    """Who is told of switches. Calls come from the framework's greenlets and must not block."""

    def opened(self, connection: Connection) -> None:
        """A switch has said who it is."""

    def received(self, connection: Connection, message: inbound.Received) -> None:
        """A message about flows, or a packet, came in."""

    def ports(self, connection: Connection) -> None:
        """The switch's ports are now ``connection.ports()``."""

    def closed(self, connection: Connection) -> None:
        """The connection is gone."""

    def refused(self, connection: Connection, reason: str) -> None:
        """The peer said something for which it is served no longer; ``closed`` follows."""


class Connection:
    """One switch's connection, as little of the framework's datapath as netloom needs."""

    def __init__(self, datapath: Any, spawn: Callable[..., object]) -> None:
        self.refused = False
        self._datapath = datapath
        self._ports: dict[int, PortDescription] = {}
        self._outbox = Outbox(self.send, spawn)

    @property
    def dpid(self) -> int:
        """The datapath id."""
        return int(self._datapath.id)

    @property
    def peer(self) -> str:
        """Where it came from."""
        return str(self._datapath.address[0])

    @property
    def port_count(self) -> int:
        """How many ports it has told of."""
        return len(self._ports)

    def ports(self) -> tuple[PortDescription, ...]:
        """Its ports, the local one included."""
        return tuple(self._ports.values())

    def learn(self, news: PortNews) -> None:
        """The switch told of ports."""
        self._ports.update((port.number, port) for port in news.there)
        if news.gone is not None:
            self._ports.pop(news.gone, None)

    def send(self, data: bytes) -> None:
        """Queue bytes; waits while the queue is full; nothing happens once the connection is gone."""
        self._datapath.send(data)

    def offer(self, data: bytes) -> bool:
        """Send bytes when there is room for them, without waiting for that; False where too many wait already."""
        return self._outbox.offer(data)

    def close(self) -> None:
        """End the connection."""
        self._datapath.close()

    def refuse(self, reason: str, version: int = wire.VERSION) -> None:
        """Say why to a peer that is not served, and listen to it no more."""
        self.refused = True
        self._datapath.send(handshake.refusal(reason, version), close_socket=True)


def _mend_eventlet_for_ryu() -> None:
    """Ryu 4.34 imports a name that eventlet dropped in 0.30.3; it only compares with it."""
    wsgi = importlib.import_module("eventlet.wsgi")
    if not hasattr(wsgi, "ALREADY_HANDLED"):
        setattr(wsgi, "ALREADY_HANDLED", object())  # noqa: B010 - the module's stub knows no such name


def hub(name: str) -> Any:
    """The framework's hub: spawn, sleep, Queue, Timeout, kill."""
    if name == "ryu":
        _mend_eventlet_for_ryu()
    return importlib.import_module(f"{name}.lib.hub")


def serve(name: str, listen: tuple[str, int], tls: tuple[str, str, str] | None, board: Switchboard) -> Any:
    """Listen for switches; gives the framework's application registry. ``tls`` is (key, certificate, CA) files."""
    app_manager = importlib.import_module(f"{name}.base.app_manager")
    conf = importlib.import_module(f"{name}.cfg").CONF
    controller = importlib.import_module(f"{name}.controller.controller")
    options = ["--ofp-listen-host", listen[0], "--ofp-tcp-listen-port", str(listen[1])]
    if tls is not None:
        options += ["--ctl-privkey", tls[0], "--ctl-cert", tls[1], "--ca-certs", tls[2]]
        options += ["--ofp-ssl-listen-port", str(listen[1])]
    conf(args=options, project="netloom", default_config_files=[])
    conf.set_override("echo_request_interval", ECHO_INTERVAL)
    conf.set_override("maximum_unreplied_echo_requests", UNREPLIED_ECHOES)
    _take_flow_messages(name, board)
    setattr(controller, "random", _CountFromBlank)  # noqa: B010 - it is their import, which a type checker does not know
    _bound_strangers(name, controller)
    registry = app_manager.AppManager.get_instance()
    app = _application(name, board)
    registry.load_apps([f"{name}.controller.ofp_handler"])
    registry.applications_cls[app.__name__] = app
    contexts = registry.create_contexts()
    registry.instantiate_apps(**contexts)
    return registry


def _connection(datapath: Any, spawn: Callable[..., object]) -> Connection:
    """The one connection object of a datapath."""
    found = getattr(datapath, "netloom", None)
    if found is None:
        found = datapath.netloom = Connection(datapath, spawn)
    return cast("Connection", found)


def _take_flow_messages(name: str, board: Switchboard) -> None:
    """Put ourselves before the framework's parsers, whatever version a message says it is of."""
    parser = importlib.import_module(f"{name}.ofproto.ofproto_parser")
    importlib.import_module(f"{name}.ofproto.ofproto_v1_5_parser")
    theirs = parser._MSG_PARSERS[wire.VERSION]  # noqa: SLF001 - the framework has no other way to see a message whole
    parser._MSG_PARSERS.update(dict.fromkeys(range(256), _Parser(theirs, board, hub(name).spawn)))  # noqa: SLF001


class _Parser:
    """Gives flow messages to the switchboard, and what the framework needs to the framework's parser."""

    def __init__(self, theirs: Callable[..., Any], board: Switchboard, spawn: Callable[..., object]) -> None:
        self._theirs = theirs
        self._board = board
        self._spawn = spawn

    def __call__(self, datapath: Any, version: int, _kind: int, _length: int, xid: int, data: bytearray) -> Any:
        connection = _connection(datapath, self._spawn)
        if connection.refused or datapath.state == DEAD:
            return None
        try:
            message = self._ours(connection, bytes(data))
        except (ValueError, IndexError, struct.error) as error:
            reason = str(error) if isinstance(error, ValueError) else "a truncated message"
            connection.refuse(reason, version)
            self._board.refused(connection, reason)
            return None
        if message is None:
            return None
        return self._theirs(datapath, wire.VERSION, message[1], len(message), xid, bytearray(message))

    def _ours(self, connection: Connection, data: bytes) -> bytes | None:
        """Take what is ours; what is left is for the framework. Raises ValueError, IndexError, struct.error."""
        if data[0] == wire.VERSION and data[1] in inbound.KINDS:
            message = inbound.received(data)
            if message is not None:
                self._board.received(connection, message)
                return None
        plain = handshake.plain(data)
        news = told(data)
        if news is not None:
            self._learn(connection, news)
        return plain

    def _learn(self, connection: Connection, news: PortNews) -> None:
        """At once: by a port that went down others find another way."""
        connection.learn(news)
        if connection.port_count > handshake.MOST_PORTS:
            raise ValueError(f"more than {handshake.MOST_PORTS} ports")
        self._board.ports(connection)


class _CountFromBlank:
    """Stands for the dice that the framework throws for a session's first xid, so that a hello ends in a blank.

    ``mn --controller=remote`` looks by telnet whether we listen: it reads that as UTF-8 and dies of other bytes, takes
    127 for its shell's prompt, and after a 1 waits for a process' number for ever.
    """

    @staticmethod
    def randint(_low: int, _high: int) -> int:
        """What the framework adds 1 to."""
        return ord(" ") - 1


def _bound_strangers(name: str, controller: Any) -> None:
    """Let no more than a few connections be without a handshake, and none for long."""
    controller.datapath_connection_factory = _Porter(name, controller.datapath_connection_factory)


class _Porter:
    """Serves a connection; who does not say who it is has to go, the sooner the more such there are."""

    def __init__(self, name: str, theirs: Callable[..., None]) -> None:
        self._hub = hub(name)
        self._theirs = theirs
        self._strangers: dict[Any, Any] = {}

    def __call__(self, socket: Any, address: Any) -> None:
        while len(self._strangers) >= MOST_STRANGERS:
            self._expire(next(iter(self._strangers)))
        self._strangers[socket] = self._hub.spawn_after(HANDSHAKE_SECONDS, self._expire, socket)
        socket.netloom_known = self._known
        try:
            self._theirs(socket, address)
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends ends that stranger's session alone
            _log.warning("openflow_session_ended", peer=str(address), error=repr(error))
        finally:
            self._known(socket)

    def _known(self, socket: Any) -> None:
        """The peer has said who it is, or has gone."""
        deadline = self._strangers.pop(socket, None)
        if deadline is not None:
            deadline.cancel()

    def _expire(self, socket: Any) -> None:
        self._known(socket)
        socket.close()


def _application(name: str, board: Switchboard) -> type:
    """The framework application that passes on what switches do."""
    app_manager = importlib.import_module(f"{name}.base.app_manager")
    base = getattr(app_manager, "OSKenApp", None) or app_manager.RyuApp
    events = importlib.import_module(f"{name}.controller.ofp_event")
    handler = importlib.import_module(f"{name}.controller.handler")
    version = importlib.import_module(f"{name}.ofproto.ofproto_v1_5").OFP_VERSION
    phases = [handler.MAIN_DISPATCHER, handler.DEAD_DISPATCHER]
    state = handler.set_ev_cls(events.EventOFPStateChange, phases)(_state_changed)
    body = {"OFP_VERSIONS": [version], "board": board, "spawn": staticmethod(hub(name).spawn), "state_changed": state}
    return type("Netloom", (base,), body)


def _state_changed(app: Any, event: Any) -> None:
    connection = _connection(event.datapath, app.spawn)
    if event.state == DEAD:
        app.board.closed(connection)
    else:
        event.datapath.socket.netloom_known(event.datapath.socket)
        app.board.opened(connection)
