"""Messages of the journal in portions that can be decoded at once.

What the journal hands over is bounded in bytes, but Snappy's bytes may stand for twenty times as many, and a sample of
six bytes becomes a hundred in memory: a single vehicle could fill it, and again after each restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.errors import InvalidInputError
from kaido.flow_names import UpKind
from kaido.ingest.readings import looks_like_snappy, stated_lengths
from kaido.journal import decode_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.journal import JournalMessage

MOST_BYTES = 32_000_000
"""Bytes of protobuf, un-Snappied, in one portion: at six bytes a sample about half a gigabyte while it is worked on."""


def portions(messages: Sequence[JournalMessage], most: int = MOST_BYTES) -> Iterator[list[JournalMessage]]:
    """The messages in their order, cut where the next one would go beyond the bound; each portion has at least one."""
    portion: list[JournalMessage] = []
    size = 0
    for message in messages:
        grown = unpacked_bytes(message.data)
        if portion and size + grown > most:
            yield portion
            portion, size = [], 0
        portion.append(message)
        size += grown
    if portion:
        yield portion


def unpacked_bytes(data: bytes) -> int:
    """What the payloads of a message come to, as they state it themselves: more than it states is no Snappy block."""
    try:
        batch = decode_batch(data)
    except InvalidInputError:
        return len(data)
    payloads, kinds = batch["payload"], batch["kind"].to_numpy()
    packed = looks_like_snappy(payloads) & np.isin(kinds, (UpKind.SIGNALS, UpKind.LAST_KNOWN_STATE))
    return len(data) + int(stated_lengths(payloads.take(pa.array(np.flatnonzero(packed)))).sum())
