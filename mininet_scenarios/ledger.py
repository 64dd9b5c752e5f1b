"""What tenants asked for and were told stands, written down beside the daemon, so that its account can be compared.

A request that was never answered leaves a doubt: afterwards the resource is as it was, or as it was asked to be.
"""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from mininet_scenarios.rest import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mininet_scenarios.daemon import Daemon

Body = dict[str, Any] | None
"""A resource as it was asked for; None where it was deleted."""
NOT_FOUND = 404
OUR_FAULT = 500


class Ledger:
    """The resources of some collections, like ``/projects/acme/ports``, by their paths."""

    def __init__(self, daemon: Daemon, standing: Mapping[str, Body]) -> None:
        self.acknowledged = dict(standing)
        self.refused = 0
        self._daemon = daemon
        self.doubts: dict[str, list[Body]] = {}

    def stands(self, path: str) -> bool:
        """Whether the resource is there, by what was acknowledged."""
        return self.acknowledged.get(path) is not None

    def ask(self, path: str, body: Body) -> bool:
        """PUT or, without a body, DELETE; False where no answer, or only an apology, came."""
        try:
            self._daemon.rest.call("PUT" if body is not None else "DELETE", path, body, seconds=20)
        except Refused as error:
            if error.status < OUR_FAULT and (body is not None or error.status != NOT_FOUND):
                raise
            if error.status >= OUR_FAULT:
                return self._doubt(path, body)
        except (OSError, HTTPException):
            return self._doubt(path, body)
        self.acknowledged[path] = body
        self.doubts.pop(path, None)
        return True

    def differences(self, collections: Iterable[str]) -> list[str]:
        """What the daemon has otherwise than acknowledged, as sentences; doubts are settled by what it has."""
        found = {f"{collection}/{one['name']}": one for collection in collections for one in self._items(collection)}
        wrong = []
        for path in sorted(found.keys() | self.acknowledged.keys()):
            answers = [self.acknowledged.get(path), *self.doubts.get(path, ())]
            fitting = [answer for answer in answers if _fits(found.get(path), answer)]
            if not fitting:
                wrong.append(f"{path} is {_shown(found.get(path))} where {answers} was asked")
                continue
            self.acknowledged[path] = fitting[-1]
            self.doubts.pop(path, None)
        return wrong

    def _items(self, collection: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._daemon.rest.get(collection)["items"]
        return items

    def _doubt(self, path: str, body: Body) -> bool:
        self.refused += 1
        self.doubts.setdefault(path, []).append(body)
        return False


def _fits(found: dict[str, Any] | None, asked: Body) -> bool:
    """Whether what stands has every field as it was asked for."""
    if found is None or asked is None:
        return found is None and asked is None
    spec = {name: found["spec"].get(name) for name in asked["spec"]}
    return bool(spec == asked["spec"] and found["labels"] == asked["labels"])


def _shown(found: dict[str, Any] | None) -> str:
    return f"{found['spec']} {found['labels']}" if found else "missing"
