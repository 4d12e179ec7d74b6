"""Every route of the application, as it answers, and a request to each that is made up from what it says it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

BESIDE_THE_API = {"/metrics", "/docs", "/openapi.json"}
"""What is no page and does not lie under ``/v1``."""


@dataclass(frozen=True)
class Route:
    """A method of a path; ``WEBSOCKET`` is one too."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def of_the_api(self) -> bool:
        """By its path, so that a route of the API stays one however it is made; what is not, is a page."""
        return self.path.startswith("/v1/") or self.path in BESIDE_THE_API

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def filled(self, name: str | dict[str, str]) -> str:
        """The path with a name, or for each parameter its own, in the place of its parameters."""
        return re.sub(r"\{(\w+)\}", lambda found: name if isinstance(name, str) else name[found[1]], self.path)


def all_routes(app: FastAPI) -> list[Route]:
    """From the application itself: also those that its documentation leaves out."""
    found = []
    for context in iter_route_contexts(app.routes):
        assert context.path is not None, context
        websocket = isinstance(context.original_route, APIWebSocketRoute)
        methods = {"WEBSOCKET"} if websocket else {*(context.methods or {"GET"})} - {"HEAD"}
        found += [Route(method, context.path) for method in sorted(methods)]
    return found


def query(app: FastAPI, route: Route) -> dict[str, str]:
    """The query parameters that a route insists on."""
    operation = _operation(app, route)
    return {
        one["name"]: {"integer": "1", "number": "1"}.get(one["schema"].get("type", ""), "car-1")
        for one in operation.get("parameters", [])
        if one["in"] == "query" and one.get("required")
    }


def body(app: FastAPI, route: Route) -> Any:
    """A JSON body that a route understands; None where it takes none, or a file."""
    content = _operation(app, route).get("requestBody", {}).get("content", {}).get("application/json")
    return _example(app, content["schema"]) if content else None


def form(app: FastAPI, route: Route, word: str = "car-1") -> dict[str, str] | None:
    """A form that a page understands; None where it takes none."""
    fields = [one for dependant in _dependants(app, route) for one in dependant.body_params]
    if not fields:
        return None
    numbers = {one.alias for one in fields if one.field_info.annotation is int}
    return {one.alias: "1" if one.alias in numbers else word for one in fields if one.field_info.is_required()}


def texts(app: FastAPI, route: Route) -> list[str]:
    """The query parameters of a page that take any text."""
    fields = [one for dependant in _dependants(app, route) for one in dependant.query_params]
    return [one.alias for one in fields if one.field_info.annotation not in {int, bool, float, int | None}]


def _dependants(app: FastAPI, route: Route) -> Iterator[Dependant]:
    for context in iter_route_contexts(app.routes):
        found = context.original_route
        if context.path == route.path and isinstance(found, APIRoute) and route.method in (found.methods or ()):
            yield from _flat(found.dependant)


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _flat(one)


def _operation(app: FastAPI, route: Route) -> dict[str, Any]:
    found: dict[str, Any] = app.openapi()["paths"].get(route.path, {}).get(route.method.lower(), {})
    return found


def _example(app: FastAPI, schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = app.openapi()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    if schema.get("examples"):
        return schema["examples"][0]
    if "anyOf" in schema:
        return _example(app, schema["anyOf"][0])
    kind = schema.get("type")
    if kind == "object":
        return {name: _example(app, schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [_example(app, schema["items"])]
    return {"integer": 1, "number": 1, "boolean": True}.get(str(kind), "car-1")
