"""Messages come out whole and in order, however the stream was cut, and garbage is known at once."""

from __future__ import annotations

import itertools
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import DatabaseError
from ovsdb.splitter import Splitter

TEXT = st.text(st.sampled_from('{}[]"\\ a:,\x00é\n'), max_size=12)
VALUES = st.recursive(
    TEXT | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
MESSAGES = st.lists(st.dictionaries(TEXT, VALUES, max_size=4), max_size=5)


def fed(stream: bytes, cuts: list[int], limit: int = 1 << 20) -> list[bytes]:
    splitter = Splitter(limit)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [
        message
        for start, end in itertools.pairwise(edges)
        if start < end
        for message in splitter.feed(stream[start:end])
    ]


@given(
    messages=MESSAGES,
    cuts=st.lists(st.integers(min_value=0)),
    gap=st.sampled_from(["", " ", "\n\t"]),
    ascii_only=st.booleans(),
)
def test_any_cutting_gives_the_same_messages(
    messages: list[object], cuts: list[int], gap: str, *, ascii_only: bool
) -> None:
    stream = gap.join(json.dumps(message, ensure_ascii=ascii_only) for message in messages).encode()
    assert [json.loads(message) for message in fed(stream, cuts)] == messages


@settings(max_examples=30)
@given(MESSAGES)
def test_a_byte_at_a_time_gives_the_same_messages(messages: list[object]) -> None:
    stream = "".join(json.dumps(message) for message in messages).encode()
    assert [json.loads(message) for message in fed(stream, list(range(len(stream))))] == messages


@given(st.binary())
def test_no_bytes_do_anything_but_split_or_raise(stream: bytes) -> None:
    try:
        for message in fed(stream, []):
            assert message.startswith(b"{")
            assert message.endswith(b"}")
    except DatabaseError as error:
        assert "not a JSON object" in str(error)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n", b"[1]", b'"x"', b"}", b'{"a":1}}', b"\x16\x03\x01", b"null"]
)
def test_garbage_is_known_at_its_first_byte(garbage: bytes) -> None:
    with pytest.raises(DatabaseError, match="not a JSON object"):
        Splitter(1000).feed(garbage)


@pytest.mark.parametrize("size", [90, 200])
def test_a_message_beyond_the_limit_is_refused_whole_or_in_parts(size: int) -> None:
    message = json.dumps({"a": "x" * size}).encode()
    with pytest.raises(DatabaseError, match="more than 64 bytes"):
        fed(message, [], limit=64)
    with pytest.raises(DatabaseError, match="more than 64 bytes"):
        fed(message, list(range(len(message))), limit=64)


@pytest.mark.parametrize(
    "message",
    [
        b'{"a":"' + b"\\\\" * 2_000_000 + b'"}',
        b'{"a":' * 800_000 + b"1" + b"}" * 800_000,
        b"{" + b'"' * 4_000_000 + b"}",
    ],
)
def test_time_grows_with_bytes_and_not_with_their_square(message: bytes) -> None:
    splitter = Splitter(len(message))
    began = time.monotonic()
    out = [out for start in range(0, len(message), 4096) for out in splitter.feed(message[start : start + 4096])]
    assert time.monotonic() - began < 5
    assert out == [message]
