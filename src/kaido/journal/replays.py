"""A quarantined payload on its way through the journal once more: what it was, and which row of quarantine it is."""

from __future__ import annotations

from typing import NamedTuple

from kaido.errors import InvalidInputError
from kaido.flow_names import UpKind


class Replay(NamedTuple):
    """One row of quarantine.

    Attributes:
        kind: what the payload is (UpKind, or what stood there instead).
        row: the row's id, by which a second replay of it is recognised.
        payload: as the vehicle sent it.
    """

    kind: int
    row: str
    payload: bytes


def wrap(replay: Replay) -> bytes:
    """The payload of a journal row of kind ``UpKind.REPLAY``."""
    row = replay.row.encode()
    return bytes([replay.kind, len(row)]) + row + replay.payload


def unwrap(data: bytes) -> Replay:
    """What such a payload says.

    Raises:
        InvalidInputError: it is none.
    """
    size = data[1] if len(data) > 1 else 0
    row, payload = data[2 : 2 + size], data[2 + size :]
    if not size or len(row) < size or data[0] == UpKind.REPLAY:
        raise InvalidInputError("no row of quarantine", why="it is cut off, or names no row")
    return Replay(data[0], row.decode(errors="replace"), payload)
