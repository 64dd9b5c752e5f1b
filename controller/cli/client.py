"""The daemon, as the command line talks to it; what it refuses is told field by field, with what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from json import loads
from typing import Any

import httpx
import typer
from rich.console import Console

from controller.cli.exits import Exit

_CONNECT_TIMEOUT = 5.0
_ANSWER_TIMEOUT = 660.0  # longer than any --wait
_NEXT_STEPS = {
    400: "correct the document or the option",
    401: "give a token: --token, or NETLOOM_TOKEN",
    403: "ask an administrator for a token that reaches further",
    404: "look what there is: netloom get KIND",
    409: "see what stands in the way: netloom get KIND",
    412: "read it again, and repeat the change on what stands now",
    422: "correct these fields; nothing was changed",
    503: "try again",
}
_errors = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where it is, and with which token."""

    url: str
    token: str | None

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        content_type: str | None = None,
    ) -> Any:
        """The answer's JSON, None if it has none; ends the command with the daemon's reason if it refuses."""
        with self._client(content_type) as client:
            response = client.request(method, path, params=params, json=json, content=content)
        return _accepted(response).json() if response.content else None

    def there(self, path: str) -> bool:
        """Whether something is at a path; ends the command with the daemon's reason if it refuses otherwise."""
        with self._client() as client:
            response = client.get(path)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return False
        _accepted(response)
        return True

    def text(self, path: str, params: Mapping[str, Any]) -> str:
        """The answer as it stands; ends the command with the daemon's reason if it refuses."""
        with self._client() as client:
            response = client.get(path, params=params)
        return _accepted(response).text

    def pages(self, path: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Every item of a collection, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.call("GET", path, params={**params, **cursor})
            yield from page["items"]
            if not page.get("next"):
                return
            cursor = {"cursor": page["next"]}

    def events(self, since: int) -> Iterator[dict[str, Any]]:
        """Each event newer than a revision, as it happens."""
        params = {"since": str(since), "follow": "true"}
        with self._client(seconds=None) as client, client.stream("GET", "/v1/events", params=params) as response:
            if response.is_error:
                response.read()
            for line in _accepted(response).iter_lines():
                if line.startswith("data: "):
                    yield loads(line.removeprefix("data: "))

    @contextmanager
    def _client(
        self, content_type: str | None = None, seconds: float | None = _ANSWER_TIMEOUT
    ) -> Iterator[httpx.Client]:
        """Speak to the daemon; ends the command where it cannot be reached, or does not answer in time."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Content-Type": content_type} if content_type else {}
        timeout = httpx.Timeout(seconds, connect=_CONNECT_TIMEOUT)
        with _reaching(self.url), httpx.Client(base_url=self.url, headers=headers, timeout=timeout) as client:
            yield client


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        _errors.print(f"[red]cannot reach the daemon at {url}[/]: {error}", highlight=False)
        _errors.print("start it with: netloom serve, or name another with --url or NETLOOM_URL", highlight=False)
        raise typer.Exit(Exit.UNREACHABLE) from error
    except httpx.InvalidURL as error:
        _errors.print(f"[red]{url!r} is no URL[/]: {error}", highlight=False)
        raise typer.Exit(Exit.USAGE) from error


def _accepted(response: httpx.Response) -> httpx.Response:
    """An answer that is no refusal; ends the command with the daemon's reason otherwise."""
    if response.is_error:
        refuse(response)
    return response


def refuse(response: httpx.Response) -> None:
    """Tell why the daemon refused, and end."""
    try:
        problem = response.json()
    except ValueError:
        problem = {"title": response.reason_phrase, "detail": response.text[:300]}
    _errors.print(f"[red]{problem['title']}[/] ({response.status_code}): ", end="", highlight=False)
    errors = problem.get("errors", [])
    _errors.print(f"{len(errors)} fields" if len(errors) > 1 else problem["detail"], markup=False, highlight=False)
    for error in errors if len(errors) > 1 else ():
        _errors.print(f"  {error['pointer'] or '/'}: {error['message']}", markup=False, highlight=False)
    if response.status_code in _NEXT_STEPS:
        _errors.print(f"next: {_NEXT_STEPS[response.status_code]}", markup=False, highlight=False)
    raise typer.Exit(Exit.REFUSED)
