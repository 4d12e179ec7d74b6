"""ASGI middleware around every request: a bound on its body, a count, and the audit of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from kaido.api.auth import principal
from kaido.api.cookies import READING
from kaido.api.errors import response
from kaido.errors import KaidoError, TooLargeError, UnavailableError
from kaido.runtime import clock
from kaido.store.tables import AuditRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kaido.api.auth import Caller
    from kaido.api.services import Services

JSON_BYTES = 8_000_000
"""The largest body that is held in memory as a whole: a hundred thousand ids and some."""
UNPROVEN_BYTES = 64_000
"""The largest body that is read before the token is looked at: FastAPI takes a body first, whoever sends it."""
STREAMED = frozenset(
    {
        "/v1/imports",
        "/v1/campaigns/dry-run",
        "/v1/campaign-rehearsals/dry-run",
        "/v1/catalog/import",
        "/v1/vehicles/bulk",
    }
)
"""Paths whose body is a file, which goes to disk piece by piece or is counted as it comes. Whatever the content type
says: on every other path the body is held in memory."""


class BodyLimit:
    """Refuses bodies beyond a bound, by their announced length or as they arrive, and large ones of strangers unread.

    Args:
        app: what is guarded.
        upload_bytes: the bound of files.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_file = scope["path"] in STREAMED and b"json" not in headers.get(b"content-type", b"")
        limit = self._upload_bytes if is_file else min(JSON_BYTES, self._upload_bytes)
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            error = TooLargeError("the request is too large", why=f"at most {limit} bytes are taken")
            await response(error)(scope, receive, send)
            return
        if int(announced) > UNPROVEN_BYTES or b"transfer-encoding" in headers:
            try:
                await run_in_threadpool(principal, HTTPConnection(scope))
            except KaidoError as error:
                await response(error)(scope, receive, send)
                return
        await self.app(scope, _bounded(receive, limit), send)


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413, f"at most {limit} bytes are taken")
        return message

    return bounded


class Audit:
    """Counts requests, and records every change that was made before its answer leaves."""

    def __init__(self, app: ASGIApp, services: Callable[[], Services]) -> None:
        self.app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        replaced = False

        async def watched(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                status = message["status"]
                services = self._services()
                services.report.count("requests_total", status=f"{status // 100}xx")
                changer: Caller | None = state.get("changer")
                if changer is not None and status < 400 and scope["method"] not in READING:  # noqa: PLR2004
                    try:
                        await run_in_threadpool(_record, services, changer, scope)
                    except UnavailableError as error:
                        replaced = True
                        await response(_unrecorded(error))(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, watched)


def _record(services: Services, caller: Caller, scope: Scope) -> None:
    details = {"path": scope["path"], **caller.notes}
    if caller.role:
        details["user"] = caller.token
    with services.store.session() as session:
        session.add(
            AuditRow(
                company=caller.company or None,
                who=caller.name,
                what=str(getattr(scope.get("route"), "operation_id", None) or scope["method"]),
                moment=clock.now(),
                details=details,
            )
        )


def _unrecorded(error: UnavailableError) -> UnavailableError:
    return UnavailableError("the change was made, but the audit could not record it", why=str(error), fix=error.fix)
