"""The daemon's REST interface, as a story needs it: JSON in, JSON out, errors with the daemon's own words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener


class Refused(RuntimeError):
    """The daemon answered with an error; ``status`` is HTTP's, ``problem`` its RFC 9457 document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title')}: {problem.get('detail')} {problem.get('errors', '')}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Rest:
    """A client of the daemon at ``url``, like ``http://127.0.0.1:7070``."""

    url: str
    token: str

    def call(self, method: str, path: str, body: object = None, seconds: float = 90) -> Any:
        """Send one request to ``/v1`` + ``path`` and return the parsed answer; raises ``Refused``."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, "application/json", seconds)

    def apply_text(self, text: str, wait: int = 30) -> Any:
        """Apply YAML as it stands; raises ``Refused``."""
        return self._send("POST", f"/apply?wait={wait}", text.encode(), "application/yaml", 90)

    def apply(self, *resources: dict[str, Any], wait: int = 30) -> Any:
        """Apply resources in one transaction and wait until every switch confirmed; raises ``Refused``."""
        return self.call("POST", f"/apply?wait={wait}", list(resources))

    def get(self, path: str) -> Any:
        """What stands at ``path``."""
        return self.call("GET", path)

    def delete(self, path: str) -> None:
        """Delete what stands at ``path``."""
        self.call("DELETE", path)

    def _send(self, method: str, path: str, data: bytes | None, form: str, seconds: float) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": form}
        request = Request(f"{self.url}/v1{path}", data, headers, method=method)  # noqa: S310  # http, as the daemon said
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=seconds) as answer:
                content = answer.read()
        except HTTPError as error:
            with error:
                raise Refused(error.code, _problem(error.read())) from error
        return json.loads(content) if content else None


def project(name: str) -> dict[str, Any]:
    """A tenant."""
    return {"kind": "Project", "name": name, "spec": {}}


def resource(kind: str, tenant: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Anything of a tenant's."""
    return {"kind": kind, "project": tenant, "name": name, "spec": spec}


def network(tenant: str, name: str, *cidrs: str) -> dict[str, Any]:
    """An overlay network with a subnet for each block, without gateway and DHCP."""
    subnets = [{"name": f"s{at}", "cidr": cidr, "gateway": None} for at, cidr in enumerate(cidrs)]
    return resource("Network", tenant, name, {"mode": "overlay", "subnets": subnets})


def port(tenant: str, name: str, on: str, mac: str, *addresses: str) -> dict[str, Any]:
    """A port of network ``on``."""
    spec = {"network": on, "mac": mac, "addresses": list(addresses)}
    return resource("Port", tenant, name, spec)


def _problem(content: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(content)
    except ValueError:
        return {"title": "no JSON", "detail": content[:300].decode(errors="replace")}
    return problem if isinstance(problem, dict) else {"title": "no object", "detail": str(problem)}
