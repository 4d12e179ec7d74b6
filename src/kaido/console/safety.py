"""What a browser may do with a page of the console: nothing from another host, no script in the page itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(tiles: str = "") -> str:
    """The Content-Security-Policy.

    Args:
        tiles: the setting KAIDO_CONSOLE_TILES; where it is a URL, maps may ask that host, and no other.
    """
    parts = urlsplit(tiles)
    host = f" {parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob:{host}; font-src 'self'; connect-src 'self'{host}; "
        "worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Safety:
    """ASGI middleware: pages get the policy and are never kept by a cache."""

    def __init__(self, app: ASGIApp, tiles: str = "") -> None:
        self.app = app
        self._headers = {"Content-Security-Policy": policy(tiles), **HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, guarded)
