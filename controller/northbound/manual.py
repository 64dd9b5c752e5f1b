"""``/v1/openapi.json`` for programs, ``/v1/docs`` for people, both from the models that check requests."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from typing import Any

import falcon

from controller.errors import UserError
from controller.northbound import media
from controller.northbound.openapi import specification
from controller.northbound.problems import slug


def _specification() -> bytes:
    return json.dumps(specification()).encode()


def _page() -> bytes:
    return page(specification()).encode()


@dataclass(frozen=True, slots=True)
class SpecificationResource:
    """The OpenAPI 3.1 document."""

    public: bool = True
    body: bytes = field(default_factory=_specification)

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """The same for everyone."""
        resp.content_type = media.JSON
        resp.data = self.body


@dataclass(frozen=True, slots=True)
class ManualResource:
    """One page without scripts and without anything from elsewhere."""

    public: bool = True
    body: bytes = field(default_factory=_page)

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """The same for everyone."""
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        resp.data = self.body


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
code, pre { font: 13px/1.45 ui-monospace, monospace; background: #f3f4f6; border-radius: 4px }
code { padding: .1em .3em } pre { padding: .8em; overflow: auto }
table { border-collapse: collapse; width: 100% }
td { text-align: left; padding: .3em .6em; border-top: 1px solid #ddd }
.GET { color: #1a7f37 } .PUT, .POST, .PATCH { color: #9a6700 } .DELETE { color: #cf222e }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 } code, pre { background: #161b22 } }
"""
_EXAMPLE = """curl -H "Authorization: Bearer $NETLOOM_TOKEN" -H "Content-Type: application/yaml" --data-binary @- \\
  http://127.0.0.1:7070/v1/apply?dry_run=true <<'END'
kind: Project
name: acme
---
kind: Network
project: acme
name: web
spec: {subnets: [{name: v4, cidr: 10.1.0.0/24}]}
---
kind: Port
project: acme
name: web-1
labels: {app: web}
spec: {network: web}
END"""


def page(document: dict[str, Any]) -> str:
    """The manual as HTML."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>netloom API</title><style>{_STYLE}</style><h1>netloom API</h1>",
        f"<p>{html.escape(document['info']['description'])}</p>",
        "<p>For programs: <a href=/v1/openapi.json>OpenAPI 3.1</a>.</p>",
        f"<h2>First steps</h2><pre>{html.escape(_EXAMPLE)}</pre><h2>Paths</h2><table>",
        *(
            _operation(path, method, found)
            for path, item in document["paths"].items()
            for method, found in _methods(item)
        ),
        "</table><h2>Problems</h2><table>",
        _problem(UserError),
        *map(_problem, UserError.__subclasses__()),
        "</table><h2>Documents</h2>",
        *(_model(name, schema) for name, schema in document["components"]["schemas"].items()),
    ]
    return "\n".join(parts)


def _methods(item: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name.upper(), found) for name, found in item.items() if name != "parameters"]


def _operation(path: str, method: str, found: dict[str, Any]) -> str:
    queries = [parameter["name"] for parameter in found.get("parameters", ()) if parameter["in"] == "query"]
    asked = f" <code>?{html.escape('&'.join(queries))}</code>" if queries else ""
    summary = html.escape(found["summary"])
    return f"<tr><td><b class={method}>{method}</b><td><code>{html.escape(path)}</code>{asked}<td>{summary}</tr>"


def _problem(kind: type[UserError]) -> str:
    said = html.escape((kind.__doc__ or "").strip())
    return f"<tr id={slug(kind.title)}><td>{kind.status}<td>{html.escape(kind.title)}<td>{said}</tr>"


def _model(name: str, schema: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{html.escape(field)}</code><td>{html.escape(_type(found))}"
        f"<td>{html.escape(found.get('description', ''))}</tr>"
        for field, found in schema.get("properties", {}).items()
    ]
    description = html.escape(schema.get("description", ""))
    return f"<h3 id={html.escape(name)}>{html.escape(name)}</h3><p>{description}</p><table>{''.join(rows)}</table>"


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    match schema:
        case {"$ref": str(reference)}:
            found = reference.rpartition("/")[2]
        case {"enum": list(values)}:
            found = " | ".join(json.dumps(value) for value in values)
        case {"anyOf": list(options)} if "type" not in schema:
            found = " | ".join(_type(option) for option in options)
        case {"type": "array", "items": dict(items)}:
            found = f"list of {_type(items)}"
        case {"type": str(name)}:
            limits = [f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema]
            found = ", ".join([schema.get("format", name), *limits])
        case _:
            found = json.dumps(schema["const"]) if "const" in schema else "any"
    return found


_LIMITS = {"minimum": "from", "maximum": "to", "pattern": "like"}
