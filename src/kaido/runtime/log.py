"""Logging: one line an event on stderr, ``key=value`` pairs after the message."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

_SECRETS = re.compile(
    r"(?P<token>kaido_)[\w-]{20,}"
    r"|(?P<address>\w://)[^/\s@]+@"
    r"|(?P<header>Bearer )[^\s'\"]+"
    r"|(?P<key>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|$)",
    re.DOTALL,
)
LONGEST_VALUE = 500


def without_secrets(text: str) -> str:
    """The text without API tokens, private keys, and names and passwords in addresses, whichever library wrote it."""
    return _SECRETS.sub(lambda found: f"{found[str(found.lastgroup)]}…", text)


class _LineFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        stamp = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"
        fields: dict[str, Any] = getattr(record, "fields", {})
        pairs = "".join(f" {key}={_plain(value)}" for key, value in fields.items())
        line = (
            f"{stamp} {record.levelname.lower():7} {record.name.removeprefix('kaido.')}: {record.getMessage()}{pairs}"
        )
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return without_secrets(line)


def _plain(value: Any) -> str:
    text = str(value)
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"
    return repr(text) if (not text.isprintable() or " " in text or not text) else text


def set_up(level: str = "INFO") -> None:
    """Send the logs of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "asyncio", "alembic", "numexpr"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def event(logger: logging.Logger, level: int, message: str, **fields: Any) -> None:
    """Log ``message`` with ``key=value`` fields. Values from outside are quoted, so no line can be forged."""
    logger.log(level, message, extra={"fields": fields})
