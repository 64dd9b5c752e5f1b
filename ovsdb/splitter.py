"""Cutting a stream of JSON objects without delimiters, as OVSDB speaks them (RFC 7047, section 4), into messages.

Every byte is looked at in C and at most twice, however the stream was cut into chunks; what can never become a
message ends the session that sent it as soon as it is seen.
"""

from __future__ import annotations

import re

from controller.errors import DatabaseError

# Possessive throughout: no input makes these backtrack. Each stops at the end of what it is given at the latest.
_TO_BRACE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_TO_QUOTE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_TO_OBJECT = re.compile(rb"[ \t\r\n]*+")
_OPENING, _CLOSING, _QUOTE = b'{}"'


class Splitter:
    """Feed it chunks, get whole messages back; ``limit`` bounds one message, in bytes."""

    __slots__ = ("_depth", "_held", "_in_string", "_limit", "_parts", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._in_string = False
        self._held = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the messages that ``chunk`` completes. Raises DatabaseError for garbage and beyond the limit."""
        chunk = self._held + chunk
        self._held = b""
        messages: list[bytes] = []
        start = position = 0
        while position < len(chunk):
            if self._depth == 0:
                start = position = _object_start(chunk, position)
            position = self._step(chunk, position)
            if self._depth == 0 and position > start:
                self._keep(chunk[start:position])
                messages.append(self._taken())
                start = position
        self._keep(chunk[start : len(chunk) - len(self._held)])
        return messages

    def _step(self, chunk: bytes, position: int) -> int:
        """Return the position behind the next brace, or behind the end of a string that an earlier chunk began."""
        if self._in_string:
            return self._string_end(chunk, position)
        position = _end(_TO_BRACE, chunk, position)
        if position == len(chunk):
            return position
        found = chunk[position]
        self._depth += (found == _OPENING) - (found == _CLOSING)
        self._in_string = found == _QUOTE
        return position + 1

    def _string_end(self, chunk: bytes, position: int) -> int:
        position = _end(_TO_QUOTE, chunk, position)
        if position == len(chunk):
            return position
        self._in_string = chunk[position] != _QUOTE
        if self._in_string:  # a backslash ends the chunk: what it escapes comes with the next
            self._held = chunk[position:]
        return position + 1

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise DatabaseError(f"a message of more than {self._limit} bytes")
        self._parts.append(part)

    def _taken(self) -> bytes:
        message = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return message


def _end(pattern: re.Pattern[bytes], chunk: bytes, position: int) -> int:
    match = pattern.match(chunk, position)
    return match.end() if match else position


def _object_start(chunk: bytes, position: int) -> int:
    position = _end(_TO_OBJECT, chunk, position)
    if position < len(chunk) and chunk[position] != _OPENING:
        raise DatabaseError("something that is not a JSON object")
    return position
