"""The journal: what vehicles sent, on disk before anyone acknowledges it."""

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
