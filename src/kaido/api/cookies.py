"""The cookie of who signed in, and what keeps other sites from using it.

A browser sends a cookie along whoever made the page that asks. So a change by cookie brings along what only our own
pages know (``Kaido-CSRF``), and whatever names its origin has to name this host.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kaido.errors import ForbiddenError

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

NAME = "kaido_session"
CSRF_HEADER = "Kaido-CSRF"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


def give(response: Response, connection: HTTPConnection, secret: str, expires: datetime) -> None:
    """Hand a session's secret to the browser; no script reads it, no other site's form sends it."""
    response.set_cookie(
        NAME, secret, expires=expires, path="/", httponly=True, samesite="lax", secure=is_secure(connection)
    )
    response.headers["Cache-Control"] = "no-store"


def clear(response: Response, connection: HTTPConnection) -> None:
    """Have the browser forget it."""
    response.delete_cookie(NAME, path="/", httponly=True, samesite="lax", secure=is_secure(connection))


def is_secure(connection: HTTPConnection) -> bool:
    """Whether the browser came over TLS."""
    return connection.url.scheme in {"https", "wss"}


def check_own(connection: HTTPConnection, csrf: str) -> None:
    """Check that a request by cookie comes from a page of ours.

    Raises:
        ForbiddenError: it does not, or nobody can tell.
    """
    if connection.scope["type"] == "websocket":
        check_origin(connection, needed=True)
    elif connection.scope["method"] not in READING:
        check_origin(connection)
        given = connection.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), csrf.encode()):
            raise ForbiddenError(
                "the change was not made",
                why=f"the header {CSRF_HEADER} {'is not the one of this session' if given else 'is missing'}, "
                "so it may come from another site",
                fix="Load the page again; a program sends what GET /v1/session says as csrf, or uses a token",
            )


def check_origin(connection: HTTPConnection, *, needed: bool = False) -> None:
    """Check that a page of this host asks, where its origin is said.

    Raises:
        ForbiddenError: it is another's, or (``needed``) it is not said.
    """
    origin = connection.headers.get("origin")
    if origin is None and not needed:
        return
    host = connection.headers.get("host", "")
    if origin is None or not host or _host_of(origin) != host.lower():
        raise ForbiddenError(
            "the request was refused",
            why=f"it comes from {origin[:200]!r}, not from {host!r}" if origin else "it does not say its origin",
            fix="Use the console's own pages; a proxy in front has to pass the header Host on",
        )


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
