"""Bodies in and out: JSON and msgpack both ways, YAML in; never more than the limit, never longer than the deadline."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import falcon
import msgpack

from controller.errors import Malformed, NotAcceptable, TooLarge, TooSlow, UnsupportedForm
from controller.intent.documents import Form, decoded
from controller.intent.pacer import Pacer
from controller.northbound.deadlines import Deadlines

JSON, MSGPACK = "application/json", "application/msgpack"
ONE_FORMS: Mapping[str, Form] = {JSON: "json", MSGPACK: "msgpack", "application/x-msgpack": "msgpack"}
PATCH_FORMS: Mapping[str, Form] = {**ONE_FORMS, "application/merge-patch+json": "json"}
MANY_FORMS: Mapping[str, Form] = {
    **ONE_FORMS,
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
}
_PIECE = 1 << 18
_TOGETHER = 16  # rows; one by one they take half as long again
_FEW = 256  # rows, which take some milliseconds
_LONG_ANSWERS = threading.BoundedSemaphore(2)
"""So many are made at a time: whoever asks for little waits for the slices of these, not of a hundred."""
_compact = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Bodies:
    """Reads request bodies; ``limit`` in bytes."""

    limit: int
    deadlines: Deadlines

    def value(self, req: falcon.Request, forms: Mapping[str, Form]) -> Any:
        """The plain values of a request's body; raises Malformed, TooLarge, TooSlow and UnsupportedForm."""
        kind = (req.content_type or "").partition(";")[0].strip().lower()
        if kind not in forms:
            raise UnsupportedForm(f"send Content-Type: {' or '.join(forms)}")
        return decoded(self._read(req), forms[kind], Pacer())

    def _read(self, req: falcon.Request) -> bytes:
        length = req.content_length
        if length is not None and length > self.limit:
            raise TooLarge(f"the body has {length} bytes, and {self.limit} are allowed")
        chunked = length is None and req.get_header("Transfer-Encoding", default="").lower() == "chunked"
        if length is None and not chunked:
            raise Malformed("the request has no body")
        body, problem = self._received(req.env["wsgi.input"], length)
        if problem:
            raise Malformed(f"the body broke off: {problem}")
        if length is not None and len(body) < length:
            raise Malformed(f"the body ended after {len(body)} of {length} bytes")
        if len(body) > self.limit:
            raise TooLarge(f"the body is longer than the {self.limit} bytes that are allowed")
        return body

    def _received(self, stream: Any, length: int | None) -> tuple[bytes, str]:
        """What came, at most one piece more than the limit, and what broke it off; raises TooSlow."""
        socket_of = getattr(stream, "get_socket", None)
        watched = self.deadlines.begin(socket_of()) if socket_of else None
        found, problem = bytearray(), ""
        try:
            while (length is None or len(found) < length) and len(found) <= self.limit:
                piece = stream.read(_PIECE if length is None else min(_PIECE, length - len(found)))
                if not piece:
                    break
                found += piece
        except (OSError, ValueError) as error:
            problem = str(error)
        finally:
            late = watched is not None and self.deadlines.end(watched)
        if late:
            raise TooSlow(f"the body did not arrive whole in {self.deadlines.seconds:g} s")
        return bytes(found), problem

    def abandon(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Bound what a body costs that nobody wants: eventlet reads what is left of it after the answer."""
        stream = req.env["wsgi.input"]
        hooks: list[Any] | None = req.env.get("eventlet.posthooks")
        if hooks is None or not _unread(stream):
            return
        if stream.chunked_input or stream.content_length - stream.position > _PIECE:
            resp.set_header("Connection", "close")
            # Nothing is left for eventlet to read; what is in its buffer must not be taken for a request.
            stream.chunked_input, stream.content_length = False, stream.position
            hooks.append((_closed, (stream.rfile,), {}))
        else:
            hooks.append((_ended, (self.deadlines, self.deadlines.begin(stream.get_socket())), {}))


def _unread(stream: Any) -> bool:
    """Whether something of a request's body is still to come, as eventlet's input knows it."""
    return bool(stream.chunk_length != 0 if stream.chunked_input else stream.position < stream.content_length)


def _ended(_environ: Any, deadlines: Deadlines, watched: int) -> None:
    deadlines.end(watched)


def _closed(_environ: Any, reader: Any) -> None:
    reader.close()


def form(req: falcon.Request) -> str:
    """JSON or msgpack, as the caller accepts; raises NotAcceptable."""
    accept = req.accept
    if accept in ("*/*", JSON):
        return JSON
    if accept == MSGPACK:
        return MSGPACK
    found = req.client_prefers((JSON, MSGPACK))
    if found is None:
        raise NotAcceptable(f"answers come as {JSON} or {MSGPACK}")
    return found


def answer_items(
    req: falcon.Request,
    resp: falcon.Response,
    rows: Iterable[dict[str, object]],
    more: Mapping[str, object] | None = None,
) -> None:
    """Write rows, however many: all are taken at once, and others have their turn while they are encoded.

    ``more`` are further members of the answer.
    """
    chosen, following = form(req), iter(rows)
    taken = list(islice(following, _FEW))
    with _LONG_ANSWERS if len(taken) == _FEW else nullcontext():
        taken += following
        pieces = list(_encoded(taken, chosen))
    resp.content_type = chosen
    if chosen == MSGPACK:
        packer = msgpack.Packer()
        rest = b"".join(packer.pack(name) + packer.pack(value) for name, value in (more or {}).items())
        head: bytes = packer.pack_map_header(1 + len(more or {})) + rest
        resp.data = head + packer.pack("items") + packer.pack_array_header(len(taken)) + b"".join(pieces)
    else:
        tail = "".join(f",{_compact(name)}:{_compact(value)}" for name, value in (more or {}).items())
        resp.data = b'{"items":[' + b",".join(pieces) + b"]" + tail.encode() + b"}"


def _encoded(rows: Sequence[dict[str, object]], chosen: str) -> Iterator[bytes]:
    """Some rows at a time, others in between."""
    pacer = Pacer()
    for at in range(0, len(rows), _TOGETHER):
        pacer.breathe(_TOGETHER)
        some = rows[at : at + _TOGETHER]
        yield b"".join(map(msgpack.packb, some)) if chosen == MSGPACK else _compact(some)[1:-1].encode()


def answer(req: falcon.Request, resp: falcon.Response, value: Any) -> None:
    """Write plain values in the form that the caller accepts."""
    chosen = form(req)
    resp.content_type = chosen
    resp.data = msgpack.packb(value) if chosen == MSGPACK else json.dumps(value, separators=(",", ":")).encode()
