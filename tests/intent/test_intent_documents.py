"""Whatever bytes come in, documents or a clear refusal come out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Malformed, UserError
from controller.intent import documents, yaml_stream
from controller.intent.documents import Form
from controller.intent.pacer import Pacer

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)
# JSON escapes what lies beyond in pairs that YAML does not join.
WORDS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",)))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def decoded(body: bytes | str, form: Form) -> Any:
    return documents.decoded(body.encode() if isinstance(body, str) else body, form, Pacer())


def refused(value: Callable[[], Any]) -> int | None:
    """With which status a value is refused, None if it is not; the reason can be sent."""
    try:
        documents.many(value(), Pacer())
    except UserError as error:
        json.dumps([each.pointer + each.message for each in error.errors])
        return error.status
    return None


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", ""),
        ("json", "{"),
        ("json", '{"a": 1} {"b": 2}'),
        ("json", '{"a": NaN}'),
        ("json", '{"a": -Infinity}'),
        ("json", '{"a": 1, "a": 2}'),
        ("json", "[" * 100_000),
        ("json", '{"a": ' + "9" * 5000 + "}"),
        ("json", b"\xff\xfe"),
        ("msgpack", b""),
        ("msgpack", b"\xc1"),
        ("msgpack", b"\xdd\xff\xff\xff\xff"),
        ("msgpack", b"\x91" * 100_000),
        ("msgpack", b"\x81\x01\x02"),
        ("msgpack", b"\x82\xa1a\x01\xa1a\x02"),
        ("msgpack", msgpack.packb({"a": 1}) + b"\x00"),
        ("yaml", ""),
        ("yaml", "---\n---\n"),
        ("yaml", "a: [1"),
        ("yaml", "a: 1\na: 2"),
        ("yaml", "a: !!python/object/apply:os.system [id]"),
        ("yaml", "a: !custom 1"),
        ("yaml", "a: *nothing"),
        ("yaml", "a: &a [*a]"),
        ("yaml", "? [a, b]\n: c"),
        ("yaml", "[" * 100_000),
        ("yaml", "- " * 10_000 + "x"),
        ("yaml", BOMB),
        ("yaml", b"\xff\xfe\xff"),
        ("yaml", "a: \x00"),
        ("yaml", "a: 1\n\tb: 2"),
    ],
)
def test_broken_bodies_are_malformed(form: Form, body: bytes | str) -> None:
    with pytest.raises(Malformed):
        decoded(body, form)


@pytest.mark.parametrize("value", [3, "word", True, None, {"no": "kind"}, [3], ["x"], {"items": 3}, {"items": [None]}])
def test_what_holds_no_documents_is_refused(value: Any) -> None:
    with pytest.raises(UserError):
        documents.many(value, Pacer())


def test_pointers_lead_into_what_was_sent() -> None:
    wrong = {"kind": "Project", "name": "a", "spec": {"quotas": {"ports": -1}}}
    for value, pointer in (
        (wrong, "/spec/quotas/ports"),
        ([{"kind": "Project", "name": "b"}, wrong], "/1/spec/quotas/ports"),
        ({"items": [wrong], "next": None}, "/items/0/spec/quotas/ports"),
        (decoded(yaml.safe_dump_all([wrong]), "yaml"), "/0/spec/quotas/ports"),
    ):
        with pytest.raises(UserError) as refused:
            documents.many(value, Pacer())
        assert [error.pointer for error in refused.value.errors] == [pointer]


def test_pointers_escape_what_they_must() -> None:
    with pytest.raises(UserError) as refused:
        documents.many({"kind": "Project", "name": "a", "spec": {"a/b~c": 1}}, Pacer())
    assert refused.value.errors[0].pointer == "/spec/a~1b~0c"


def test_an_answer_can_be_sent_back() -> None:
    read_only = {"uid": "x", "revision": 3, "status": {"conditions": []}, "created_at": "now", "updated_at": "now"}
    asked = documents.many({"kind": "Project", "name": "a", **read_only}, Pacer())
    assert asked[0].key == ("Project", "", "a")


def test_yaml_means_what_json_means() -> None:
    text = """
    words: [no, yes, on, 1:20:30, 2024-01-01, 0x, "7", !!str 7, ~x]
    numbers: [7, -3, 0x1F, 0o17, 1.5, 1e3, .5]
    constants: [true, False, null, ~, ]
    block: |
      a
      b
    ? key
    : &anchor {a: 1}
    again: *anchor
    """
    (found,) = yaml_stream.documents(text)
    assert found == {
        "words": ["no", "yes", "on", "1:20:30", "2024-01-01", "0x", "7", "7", "~x"],
        "numbers": [7, -3, 31, 15, 1.5, 1000.0, 0.5],
        "constants": [True, False, None, None],
        "block": "a\nb\n",
        "key": {"a": 1},
        "again": {"a": 1},
    }


def test_an_error_in_yaml_names_its_line() -> None:
    with pytest.raises(Malformed, match="line 3: key 'name' is given twice"):
        list(yaml_stream.documents("kind: Port\nname: a\nname: b\n"))


@given(PLAIN)
def test_json_is_yaml(value: Any) -> None:
    text = json.dumps(value)
    assert list(yaml_stream.documents(text)) == [value]


@given(st.binary(max_size=200), st.sampled_from(("json", "yaml", "msgpack")))
def test_any_bytes_are_read_or_refused(body: bytes, form: Form) -> None:
    assert refused(lambda: decoded(body, form)) in (None, 400, 422)


@given(PLAIN, st.sampled_from(("Project", "Network", "Port")))
def test_any_value_in_any_field_is_accepted_or_refused(value: Any, kind: str) -> None:
    for document in (
        {"kind": kind, "project": "a", "name": "n", "spec": value},
        {"kind": kind, "project": "a", "name": value, "labels": value},
        {"kind": kind, "project": "a", "name": "n", "spec": {"network": value, "mac": value, "subnets": [value]}},
    ):
        assert refused(lambda document=document: document) in (None, 422)
