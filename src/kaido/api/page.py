"""What the API takes and answers: its OpenAPI document, and the page ``/docs`` that is made from that alone.

The usual pages load their scripts from another host. This one has no script, loads nothing, and may load nothing.
"""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

DOCUMENT, PAGE = "/openapi.json", "/docs"
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; color-scheme: light dark }
h2 { margin-top: 2rem } summary { cursor: pointer; padding: .2rem 0 }
summary code b { display: inline-block; min-width: 4.5rem }
details > div { margin: 0 0 1rem 1.2rem; border-left: 2px solid #8886; padding-left: 1rem }
table { border-collapse: collapse; margin: .5rem 0 }
td, th { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0 }
"""


def install(app: FastAPI) -> None:
    """Serve the document and the page, in threads of their own: making the document takes seconds."""

    def document() -> JSONResponse:
        return JSONResponse(app.openapi())

    def page() -> HTMLResponse:
        return HTMLResponse(render(app.openapi()), headers=HEADERS)

    app.add_api_route(DOCUMENT, document, include_in_schema=False)
    app.add_api_route(PAGE, page, include_in_schema=False)


def render(schema: dict[str, Any]) -> str:
    """The OpenAPI ``schema`` as a page of HTML that stands alone."""
    operations = [
        (path, method, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]
    about = "".join(f"<p>{escape(part)}</p>" for part in schema["info"]["description"].strip().split("\n\n"))
    sections = "".join(
        f"<h2>{escape(tag)}</h2>" + "".join(_operation(schema, *one) for one in group)
        for tag, group in groupby(operations, key=lambda one: str((one[2].get("tags") or ["more"])[0]))
    )
    title = f"{escape(schema['info']['title'])} {escape(schema['info']['version'])}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: API</title><style>{_STYLE}</style>'
        f'<h1>{title}: API</h1>{about}<p>For programs: <a href="{DOCUMENT}">{DOCUMENT}</a></p>{sections}</html>'
    )


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        (one["name"], one["in"], _type(schema, one["schema"]), one.get("required", False), one.get("description", ""))
        for one in operation.get("parameters", [])
    ]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        rows += [(name, kind, *rest) for name, *rest in _fields(schema, body.get("schema", {}))]
    table = "".join(
        f"<tr><td><code>{escape(name)}</code>{'' if needed else ' (optional)'}<td>{escape(where)}"
        f"<td>{escape(type_)}<td>{escape(text)}"
        for name, where, type_, needed, text in rows
    )
    answers = "".join(
        f"<li>{escape(status)}: {escape(_answer(schema, answer))}" for status, answer in operation["responses"].items()
    )
    return (
        f"<details><summary><code><b>{method.upper()}</b> {escape(path)}</code> {escape(operation.get('summary', ''))}"
        f"</summary><div><p>{escape(operation.get('description', ''))}</p>"
        + (f"<table><tr><th>name<th>in<th>type<th>{table}</table>" if table else "")
        + f"<ul>{answers}</ul></div></details>"
    )


def _answer(schema: dict[str, Any], answer: dict[str, Any]) -> str:
    kinds = [f"{kind} {_type(schema, body.get('schema', {}))}" for kind, body in answer.get("content", {}).items()]
    return f"{answer.get('description', '')} {', '.join(kinds)}".strip()


def _fields(schema: dict[str, Any], body: dict[str, Any]) -> Iterator[tuple[str, str, bool, str]]:
    body = _resolved(schema, body)
    for name, field in body.get("properties", {}).items():
        yield name, _type(schema, field), name in body.get("required", []), field.get("description", "")


def _type(schema: dict[str, Any], field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        values = _resolved(schema, field).get("enum")
        return " | ".join(str(value) for value in values) if values else name
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_type(schema, one) for one in field["anyOf"] if one.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_type(schema, field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "")


def _resolved(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in field:
        return field
    found: dict[str, Any] = schema["components"]["schemas"][str(field["$ref"]).rpartition("/")[2]]
    return found
