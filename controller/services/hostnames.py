"""Host names as machines tell them: to be shown, and for nothing else."""

from __future__ import annotations

import re

_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 64


def hostname(told: bytes) -> str:
    """The first characters of a name, none of which can do harm where it is shown."""
    return _UNUSUAL.sub("?", told[:_LONGEST].rstrip(b"\0").decode("ascii", "replace"))
