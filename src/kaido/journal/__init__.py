"""The journal: what vehicles sent, on disk before anyone acknowledges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.runtime import lazy

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

__getattr__ = lazy.parts(
    __name__,
    {
        "decode_batch": "batches",
        "encode_batch": "batches",
        "Journal": "journal",
        "JournalMessage": "reader",
        "JournalResetError": "reader",
        "StreamState": "reader",
        "EmbeddedServer": "server",
        "gather_status": "status",
        "serve_status": "status",
    },
)  # who starts the server needs no Arrow
