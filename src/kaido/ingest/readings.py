"""Payloads to protobuf columns: un-Snappied where they are Snappy, the unreadable ones told apart from the rest.

Snappy blocks carry no marker. Each payload is read the likelier way first, and the other way before it is called
malformed. ``ptars`` refuses a whole array for one bad payload, so a refused array is halved until the bad stand alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kaido.ingest.faults import MALFORMED, Fault
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

PIECE_BYTES = 8_000_000
"""Uncompressed bytes that are decoded at once: what bounds memory, also against payloads that blow up."""

_VARINT_BYTES = 5
_CAMPAIGN_TAG = 0x0A
"""How plain VehicleData begins: field 1, its campaign. A Snappy block begins so only if it holds 10 bytes."""


@dataclass
class Reading:
    """Messages that could be read, and why the others could not.

    Attributes:
        messages: what ``ptars`` made of them, a row a message.
        rows: the payload that each message came from.
        faults: by payload.
    """

    messages: pa.RecordBatch
    rows: npt.NDArray[np.int64]
    faults: dict[int, Fault] = field(default_factory=dict)


def looks_like_snappy(payloads: pa.BinaryArray) -> npt.NDArray[np.bool_]:
    """Which payloads are no plain VehicleData by their first byte."""
    likely: npt.NDArray[np.bool_] = (_lengths(payloads) > 0) & (_byte(payloads, 0) != _CAMPAIGN_TAG)
    return likely


def stated_lengths(payloads: pa.BinaryArray) -> npt.NDArray[np.int64]:
    """How long each payload, read as a Snappy block, says that it is when un-Snappied; at most what is taken."""
    lengths = _lengths(payloads)
    stated = np.zeros(len(payloads), np.int64)
    going_on = lengths > 0
    for place in range(_VARINT_BYTES):
        byte = _byte(payloads, place).astype(np.int64)
        stated |= np.where(going_on, (byte & 0x7F) << (7 * place), 0)
        going_on &= (byte > 0x7F) & (lengths > place + 1)  # noqa: PLR2004  # the continuation bit of a varint
    return np.minimum(stated, snappy.MAX_UNCOMPRESSED_BYTES)


def read(handler: Any, payloads: pa.BinaryArray, snappy_first: npt.NDArray[np.bool_]) -> Iterator[Reading]:
    """Read protobuf messages, piece by piece.

    Args:
        handler: the ``ptars`` handler of the message type.
        payloads: what vehicles sent; no nulls.
        snappy_first: for each payload whether Snappy is the likelier reading.
    """
    sizes = _lengths(payloads)
    likely = np.flatnonzero(snappy_first)
    sizes[likely] = stated_lengths(payloads.take(pa.array(likely)))
    piece_of = np.cumsum(sizes) // PIECE_BYTES
    starts = np.flatnonzero(np.diff(piece_of, prepend=-1))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(payloads)], strict=True):
        reading = _read_piece(handler, payloads.slice(start, end - start), snappy_first[start:end])
        reading.rows += start
        reading.faults = {row + start: fault for row, fault in reading.faults.items()}
        yield reading


def _read_piece(handler: Any, payloads: pa.BinaryArray, snappy_first: npt.NDArray[np.bool_]) -> Reading:
    reasons: dict[int, str] = {}
    first = payloads if not snappy_first.any() else _uncompressed(payloads, np.flatnonzero(snappy_first), reasons)
    parts = list(_parse(handler, first, np.arange(len(payloads)), reasons))
    faults: dict[int, Fault] = {}
    if reasons:
        doubtful = np.fromiter(reasons, np.int64)
        again: dict[int, str] = {}
        plain = doubtful[snappy_first[doubtful]]
        blocks = doubtful[~snappy_first[doubtful]]
        parts += _parse(handler, payloads.take(pa.array(plain)), plain, again)
        parts += _parse(handler, _uncompressed(payloads.take(pa.array(blocks)), None, {}), blocks, again)
        faults = {row: Fault(MALFORMED, f"{reasons[row]}; the other way: {again[row]}") for row in again}
    rows = np.concatenate([rows for _, rows in parts]) if parts else np.empty(0, np.int64)
    messages = pa.concat_batches([part for part, _ in parts]) if parts else handler.list_to_record_batch([])
    return Reading(messages, rows, faults)


def _uncompressed(
    payloads: pa.BinaryArray, rows: npt.NDArray[np.int64] | None, reasons: dict[int, str]
) -> pa.BinaryArray:
    """The payloads, those of ``rows`` (or all) un-Snappied; None with its reason where that fails."""
    contents: list[bytes | None] = payloads.to_pylist()
    for row in range(len(contents)) if rows is None else rows.tolist():
        try:
            contents[row] = snappy.decompress(contents[row] or b"")
        except snappy.SnappyError as error:
            contents[row] = None
            reasons[row] = f"no Snappy block ({error})"
    return pa.array(contents, pa.binary())


def _parse(
    handler: Any, payloads: pa.BinaryArray, rows: npt.NDArray[np.int64], reasons: dict[int, str]
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64]]]:
    if payloads.null_count:
        missing = payloads.is_null().to_numpy(zero_copy_only=False)
        for row in rows[missing].tolist():
            reasons.setdefault(row, "no Snappy block")
        payloads, rows = payloads.drop_null(), rows[~missing]
    if not len(payloads):
        return
    try:
        yield handler.array_to_record_batch(payloads), rows
    except ValueError as error:
        if len(payloads) == 1:
            reasons[int(rows[0])] = str(error).removeprefix("failed to decode Protobuf message: ")
            return
        half = len(payloads) // 2
        yield from _parse(handler, payloads.slice(0, half), rows[:half], reasons)
        yield from _parse(handler, payloads.slice(half), rows[half:], reasons)


def _lengths(payloads: pa.BinaryArray) -> npt.NDArray[np.int64]:
    offsets = np.frombuffer(payloads.buffers()[1], np.int32)[payloads.offset :][: len(payloads) + 1]
    return np.diff(offsets).astype(np.int64)


def _byte(payloads: pa.BinaryArray, place: int) -> npt.NDArray[np.uint8]:
    """One byte of each payload; whatever it is where a payload is shorter."""
    offsets = np.frombuffer(payloads.buffers()[1], np.int32)[payloads.offset :][: len(payloads)]
    data = payloads.buffers()[2]
    content = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    found: npt.NDArray[np.uint8] = content[np.minimum(offsets + place, len(content) - 1)]
    return found
