"""The process that serves the API."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING

import uvicorn

from kaido.api.app import create_app
from kaido.errors import UnavailableError
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.runtime.settings import Settings

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 5
_BACKLOG = 512


class _Server(uvicorn.Server):
    """Uvicorn, but whoever runs it decides when it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the API until ``stop``.

    Raises:
        UnavailableError: the port is in use, or the database is away.
    """
    listener = _listen(settings.api_host, settings.api_port)
    app = create_app(settings)
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",  # begun here, so that its errors reach our caller
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.api_proxies),
            forwarded_allow_ips=settings.api_proxies or None,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            backlog=_BACKLOG,
            ws_per_message_deflate=False,  # it would compress what many viewers get for each of them anew
        )
    )
    with contextlib.closing(listener):
        async with app.router.lifespan_context(app):
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            stopping = asyncio.create_task(stop.wait())
            host, port = listener.getsockname()[:2]
            event(logger, logging.INFO, "serving", host=host, port=port)
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            server.should_exit = True
            await serving


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UnavailableError(
            f"the API cannot listen on {host}:{port}",
            why=error.strerror or str(error),
            fix="End what uses the port, or choose another with KAIDO_API_PORT (0 takes a free one)",
        ) from error
    return listener
