"""Failures as problem documents: what is wrong, why, and what to do. Never a stack trace."""

from __future__ import annotations

import logging
import math
import secrets
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from kaido.errors import InvalidInputError, KaidoError, NotFoundError, TooLargeError, TooManyError
from kaido.runtime.log import event

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

_POLICY_VIOLATION = 1008
_SHOWN = 3


def install(app: FastAPI) -> None:
    """Have the application answer every failure with a problem document."""
    app.add_exception_handler(KaidoError, _kaido_error)  # type: ignore[arg-type]  # it serves WebSockets too
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


def response(error: KaidoError, status: int | None = None) -> Response:
    """An error as an answer."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004
    if isinstance(error, TooManyError):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return JSONResponse(error.problem(), status or error.status, headers=headers, media_type="application/problem+json")


class UnforeseenErrors:
    """ASGI middleware: an error nobody foresaw becomes a 500 with a number under which the log tells more."""

    def __init__(self, app: ASGIApp, *, embedded: bool, debug: bool) -> None:
        self.app = app
        self._embedded = embedded
        self._debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            # In the caller's process --debug wants the error itself; and half an answer cannot be taken back.
            if scope["type"] != "http" or started or (self._embedded and self._debug):
                raise
            problem = error if isinstance(error, KaidoError) else self._unforeseen(scope, error)
            await response(problem)(scope, receive, send)

    def _unforeseen(self, scope: Scope, error: Exception) -> KaidoError:
        number = secrets.token_hex(4)
        if self._embedded:
            return KaidoError(
                "something failed that Kaido did not foresee",
                why=f"{type(error).__name__}: {error}",
                fix="Run it again with --debug before the command and report what it shows",
            )
        logger.error(
            "unforeseen error",
            exc_info=error,
            extra={"fields": {"id": number, "method": scope["method"], "path": scope["path"]}},
        )
        return KaidoError(
            "something failed that Kaido did not foresee", fix=f"The API's log says more under id={number}"
        )


async def _kaido_error(connection: Request | WebSocket, error: Exception) -> Response | None:
    assert isinstance(error, KaidoError)
    if not isinstance(connection, WebSocket):
        return response(error)
    if "websocket.http.response" in connection.scope.get("extensions", {}):
        await connection.send_denial_response(response(error))
    else:
        await connection.close(_POLICY_VIOLATION, str(error)[:100])
    return None


async def _validation_error(_: Request | WebSocket, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    reasons = [_reason(each) for each in error.errors()]
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return response(
        InvalidInputError(
            "the request cannot be understood",
            why="; ".join(reasons[:_SHOWN]) + more,
            fix="The API's own page /docs shows what it takes",
        )
    )


def _reason(error: dict[str, Any]) -> str:
    place, *path = error["loc"]
    if error["type"] == "json_invalid":
        return f"the body is no JSON: {error['ctx']['error']} at character {path[0]}"
    name = " ".join([str(place), ".".join(str(part) for part in path)]).strip()
    given = error.get("input")
    tells = isinstance(given, str | int | float) and "password" not in path
    shown = f" (given: {given!r:.60})" if tells else ""
    return f"{name}: {error['msg']}{shown}"


async def _http_error(request: Request | WebSocket, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404 and _unroutable_name(request):  # noqa: PLR2004
        return response(NotFoundError(f"nothing is named as {path} says", why="a name is not empty and holds no '/'"))
    if error.status_code == 404:  # noqa: PLR2004
        return response(NotFoundError(f"the API has no {path}", fix="The page /docs lists what it has"))
    if error.status_code == 405:  # noqa: PLR2004
        method = request.scope.get("method", "")
        return response(InvalidInputError(f"{path} does not take {method}", fix="See the page /docs"), 405)
    if error.status_code == 413:  # noqa: PLR2004
        return response(TooLargeError("the request is too large", why=str(error.detail)))
    event(logger, logging.DEBUG, "refused", path=path, status=error.status_code)
    return response(InvalidInputError("the request was refused", why=str(error.detail)), error.status_code)


def _unroutable_name(request: Request | WebSocket) -> bool:
    """Whether the path has a name that is empty, or one whose slash the router took for the end of it."""
    raw: bytes = request.scope.get("raw_path") or b""
    return b"%2f" in raw.lower() or b"//" in raw or raw.endswith(b"/")
