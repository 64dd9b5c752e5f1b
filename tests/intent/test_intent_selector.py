"""Labels select what they say."""

from __future__ import annotations

import pytest

from controller.intent.selector import parsed

LABELS = (("app", "web"), ("env", "prod"), ("empty", ""))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app=db", False),
        ("app!=db", True),
        ("other!=x", True),
        ("app", True),
        ("!app", False),
        ("!other", True),
        ("empty=", True),
        ("app=", False),
        ("app=web,env=prod", True),
        ("app=web, env=test", False),
    ],
)
def test_a_selector_holds_if_all_its_terms_do(text: str, holds: bool) -> None:  # noqa: FBT001
    assert parsed(text).holds(LABELS) is holds


@pytest.mark.parametrize("text", ["", ",", "a=b,", "=x", "a=b=c", "!a=b", "a b", "a=b c", "a>b", "\u00e4=b"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no selector"):
        parsed(text)
