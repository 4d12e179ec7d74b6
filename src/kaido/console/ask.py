"""The public API as a page asks it: in this process, as the person who looks at the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from kaido.errors import KaidoError, UnavailableError, from_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

CSRF_HEADER = "Kaido-CSRF"
CSRF_FIELD = "csrf"
_SECONDS = 60.0
_PASSED_ON = ("cookie", "origin", "user-agent")


class Api:
    """Asks ``/v1`` with the session of a request. Whatever the person may not do, the API refuses, not the page.

    Args:
        request: that of the page.
        csrf: the token that came with a form, for calls that change something.
    """

    def __init__(self, request: Request, csrf: str = "") -> None:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        headers["host"] = request.headers.get("host", "")
        if token := csrf or request.headers.get(CSRF_HEADER, ""):
            headers[CSRF_HEADER] = token
        client = (request.client.host, request.client.port) if request.client else ("127.0.0.1", 0)
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=request.app, client=client),
            base_url=f"{request.url.scheme}://{request.headers.get('host') or 'kaido'}",
            headers=headers,
            timeout=_SECONDS,
        )

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at ``/v1`` + path; parameters that are None are left out."""
        return (await self.send("GET", path, params=params)).json()

    async def post(self, path: str, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Post JSON; the JSON answer (None where there is none)."""
        return _json(await self.send("POST", path, json=json, params=params))

    async def put(self, path: str, json: Any = None) -> Any:
        """Put JSON; the JSON answer."""
        return _json(await self.send("PUT", path, json=json))

    async def patch(self, path: str, json: Any = None) -> Any:
        """Change with JSON; the JSON answer."""
        return _json(await self.send("PATCH", path, json=json))

    async def delete(self, path: str) -> Any:
        """Delete; the JSON answer (None where there is none)."""
        return _json(await self.send("DELETE", path))

    async def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The answer as it is.

        Raises:
            KaidoError: what the API refused, as it said it.
        """
        if (params := how.get("params")) is not None:
            how["params"] = {name: value for name, value in params.items() if value not in (None, "", [])}
        try:
            answer = await self._http.request(method, f"/v1{path}", **how)
        except httpx.HTTPError as error:
            raise UnavailableError(f"the API did not answer {method} {path}", why=str(error)) from error
        if answer.is_error:
            raise _error(answer)
        return answer


def _json(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None


def _error(answer: httpx.Response) -> KaidoError:
    problem = answer.json() if "json" in answer.headers.get("content-type", "") else None
    if isinstance(problem, dict) and "what" in problem:
        return from_problem(problem)
    return KaidoError(f"{answer.request.url.path} answered {answer.status_code}", why=answer.text[:200])
