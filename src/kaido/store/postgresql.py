"""PostgreSQL: time limits on every wait, and its errors in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

OPTIONS: dict[str, Any] = {
    "pool_pre_ping": True,
    "connect_args": {
        "connect_timeout": 5,
        "options": "-c lock_timeout=15s -c statement_timeout=60s -c timezone=UTC",
    },
}


def prepare(url: URL) -> URL:
    """Take our driver where the URL names none."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def listen(engine: Engine) -> None:
    """Nothing to set up: the server's own transactions are what we need."""


def unavailable(url: URL, error: Exception) -> UnavailableError:
    """The driver's error in our words, without the password."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    return UnavailableError(
        f"the database {url.render_as_string(hide_password=True)} cannot be used",
        why=reason,
        fix="See that PostgreSQL runs and that KAIDO_DATABASE_URL names its host, database and user",
    )
