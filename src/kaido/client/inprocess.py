"""The API's application in this process: how commands work on a bare folder, where no platform runs."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from fastapi import FastAPI


class InProcessTransport(httpx.BaseTransport):
    """Carries requests of a synchronous client to an ASGI application on an event loop of its own.

    The application's lifespan starts with the transport and ends with ``close``.
    """

    def __init__(self, app: FastAPI) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kaido-in-process", daemon=True)
        self._thread.start()
        self._lifespan = app.router.lifespan_context(app)
        self._asgi = httpx.ASGITransport(app, raise_app_exceptions=True)
        try:
            self._call(self._lifespan.__aenter__())
        except BaseException:
            self._stop()
            raise

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        response: httpx.Response = self._call(self._handle(request))
        return response

    def close(self) -> None:
        """End the application."""
        if self._loop.is_running():
            self._call(self._lifespan.__aexit__(None, None, None))
            self._stop()

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        body = request.stream
        inner = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=_pieces(body),
            extensions=request.extensions,
        )
        response = await self._asgi.handle_async_request(inner)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)

    def _call(self, work: Coroutine[Any, Any, Any] | Any) -> Any:
        return asyncio.run_coroutine_threadsafe(_await(work), self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


async def _await(work: Any) -> Any:
    return await work


async def _pieces(body: Any) -> AsyncIterator[bytes]:
    for piece in body:
        yield piece
