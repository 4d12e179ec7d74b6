"""The journal: what vehicles sent, on disk before anyone acknowledges it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaido.journal.batches import decode_batch, encode_batch
    from kaido.journal.journal import Journal
    from kaido.journal.reader import JournalMessage, JournalResetError, StreamState
    from kaido.journal.server import EmbeddedServer
    from kaido.journal.status import gather_status, serve_status

__all__ = [
    "EmbeddedServer",
    "Journal",
    "JournalMessage",
    "JournalResetError",
    "StreamState",
    "decode_batch",
    "encode_batch",
    "gather_status",
    "serve_status",
]

_WHERE = {
    "decode_batch": "kaido.journal.batches",
    "encode_batch": "kaido.journal.batches",
    "Journal": "kaido.journal.journal",
    "JournalMessage": "kaido.journal.reader",
    "JournalResetError": "kaido.journal.reader",
    "StreamState": "kaido.journal.reader",
    "EmbeddedServer": "kaido.journal.server",
    "gather_status": "kaido.journal.status",
    "serve_status": "kaido.journal.status",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: who starts the server needs no Arrow."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
