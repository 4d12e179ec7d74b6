"""VehicleData from columns: protobuf bytes made by NumPy, without Python work per sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.agent import texts, varints
from kaido.wire import snappy
from kaido.wire.kaido_wire_pb2 import CapturedSignal, DtcData, VehicleData

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kaido.agent.texts import Fields, Texts

# Tags of the protobuf encoding: field number << 3 | wire type.
_CAPTURED_SIGNALS = 5 << 3 | 2
_RELATIVE_TIME = 1 << 3 | 0
_SIGNAL_ID = 2 << 3 | 0
_DOUBLE_VALUE = 3 << 3 | 1


MAX_CODES = 2_000
"""Trouble codes of one event. No car has so many."""


@dataclass(frozen=True)
class ActiveCodes:
    """The trouble codes that a car's ECUs had.

    Attributes:
        read_ms: when they were read, ms since the epoch.
        codes: written ("P0301"), each once; none is worth telling too.
    """

    read_ms: int
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """What one trigger of a campaign collected.

    Attributes:
        id: groups the payloads of one event.
        time_ms: when it triggered, ms since the epoch.
        signal_id: uint32, shape (N,).
        sample_ms: int64, shape (N,), ms since the epoch.
        value: float64, shape (N,).
        codes: where the campaign asks for them.
        text: of the samples that are texts.
    """

    id: int
    time_ms: int
    signal_id: NDArray[np.uint32]
    sample_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    codes: ActiveCodes | None = None
    text: Texts = None

    def __len__(self) -> int:
        return len(self.signal_id)

    def take(self, rows: NDArray[np.bool_], codes: ActiveCodes | None) -> Event:
        """A part of the event."""
        text = None if self.text is None else self.text[rows]
        return Event(self.id, self.time_ms, self.signal_id[rows], self.sample_ms[rows], self.value[rows], codes, text)


def payloads(
    event: Event, campaign_sync_id: str, decoder_sync_id: str, *, compress: bool, limit: int
) -> Iterator[bytes]:
    """The payloads of an event, each at most ``limit`` bytes, all with the event's id; the first has the codes.

    Args:
        event: the samples.
        campaign_sync_id: the scheme that collected.
        decoder_sync_id: the manifest that the signal ids belong to.
        compress: as raw-block Snappy.
        limit: bytes, after compression too: Snappy can grow what it cannot compress.
    """
    header = VehicleData(
        campaign_sync_id=campaign_sync_id,
        decoder_sync_id=decoder_sync_id,
        collection_event_id=event.id,
        collection_event_time_ms_epoch=event.time_ms,
    ).SerializeToString()
    room = (limit - 32) * 6 // 7 if compress else limit  # Snappy's worst case is 32 + n + n / 6
    samples, ends = _captured(event)
    codes = _codes(event)
    start_byte = start = 0
    while codes or start < len(event):
        end = int(np.searchsorted(ends, start_byte + room - len(header) - len(codes), side="right"))
        if end == start and not codes:
            raise ValueError(f"a limit of {limit} bytes has no room for a sample")
        end_byte = int(ends[end - 1]) if end else 0
        payload = header + samples[start_byte:end_byte].tobytes() + codes
        yield snappy.compress(payload) if compress else payload
        start, start_byte, codes = end, end_byte, b""


def _codes(event: Event) -> bytes:
    if event.codes is None:
        return b""
    data = DtcData(relative_time_ms=event.codes.read_ms - event.time_ms, active_dtc_codes=event.codes.codes[:MAX_CODES])
    return VehicleData(dtc_data=data).SerializeToString()


def _captured(event: Event) -> Fields:
    """The fields of all samples: first the numbers, then the texts. Their times tell the order in which they came."""
    if event.text is None:
        return _captured_signals(event)
    is_text = texts.which(event.text)
    return texts.behind(_captured_signals(event.take(~is_text, None)), _captured_texts(event.take(is_text, None)))


def _captured_texts(event: Event) -> Iterator[bytes]:
    assert event.text is not None
    rows = zip((event.sample_ms - event.time_ms).tolist(), event.signal_id.tolist(), event.text, strict=True)
    for relative, number, text in rows:
        one = CapturedSignal(relative_time_ms=relative, signal_id=number, string_value=text)
        yield VehicleData(captured_signals=[one]).SerializeToString()


def _captured_signals(event: Event) -> Fields:
    """All ``captured_signals`` fields one after the other, and the offset at which each ends.

    Each sample is a row of the widest shape; the bytes that a shorter number does not need are cut out at the end.
    The result is byte for byte what the protobuf library writes.
    """
    relative = event.sample_ms - event.time_ms
    zigzag = varints.zigzag(relative)
    numbers = event.signal_id.astype(np.uint64)
    time_width, time_lengths = varints.lengths(zigzag)
    id_width, id_lengths = varints.lengths(numbers)
    # proto3 leaves a zero out, except in a oneof: relative_time_ms goes, signal_id stays.
    shown = relative != 0

    rows = np.empty((len(event), 5 + time_width + id_width + 9), np.uint8)
    used = np.ones(rows.shape, np.bool_)
    sizes = shown * (1 + time_lengths) + 1 + id_lengths + 9
    rows[:, 0] = _CAPTURED_SIGNALS
    rows[:, 1] = sizes
    rows[:, 2] = _RELATIVE_TIME
    used[:, 2] = shown
    at = 3
    varints.write(rows, used, at, zigzag, time_lengths * shown, time_width)
    at += time_width
    rows[:, at] = _SIGNAL_ID
    at += 1
    varints.write(rows, used, at, numbers, id_lengths, id_width)
    at += id_width
    rows[:, at] = _DOUBLE_VALUE
    at += 1
    rows[:, at : at + 8] = event.value.astype("<f8").view(np.uint8).reshape(-1, 8)
    ends = np.cumsum(2 + sizes, dtype=np.int64)
    return rows[:, : at + 8][used[:, : at + 8]], ends
