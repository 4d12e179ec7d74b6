"""Payloads for load: built once; before each send an event id and a time are written over the last ones."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.wire.kaido_wire_pb2 import VehicleData

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_EVENT = 1 << 28
_EVENTS = (1 << 32) - _FIRST_EVENT
_EVENT_TAG, _TIME_TAG = b"\x18", b"\x20"
_EVENT_BYTES, _TIME_BYTES = 5, 6


@dataclass(frozen=True)
class Payload:
    """Bytes in which one place counts events and, in a VehicleData, another holds the time.

    Attributes:
        event_at: where the event id starts: a varint of five bytes, or eight raw bytes in an opaque payload.
        time_at: where the varint of six bytes for the milliseconds since 1970 starts; None in an opaque payload.
    """

    data: bytes
    event_at: int
    time_at: int | None

    def stamp(self, buffer: bytearray, start: int, event: int, time: bytes) -> None:
        """Make the copy of the payload that starts at ``start`` of ``buffer`` another event."""
        at = start + self.event_at
        if self.time_at is None:
            buffer[at : at + 8] = event.to_bytes(8, "big")
            return
        buffer[at : at + _EVENT_BYTES] = varint(event_id(event))
        at = start + self.time_at
        buffer[at : at + _TIME_BYTES] = time


def event_id(count: int) -> int:
    """The ``count``-th collection event id: one whose varint takes five bytes."""
    return _FIRST_EVENT + count % _EVENTS


def varint(value: int) -> bytes:
    """Protobuf's encoding of an unsigned integer of five bytes' length (2^28 to 2^35 - 1)."""
    return _PACK(
        value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14 & 0x7F | 0x80, value >> 21 & 0x7F | 0x80, value >> 28
    )


_PACK = struct.Struct("5B").pack


def time_bytes(milliseconds: int) -> bytes:
    """The varint of a time in this century: six bytes."""
    groups = [milliseconds >> shift & 0x7F | 0x80 for shift in range(0, 35, 7)]
    return bytes([*groups, milliseconds >> 35])


def opaque(size: int) -> Payload:
    """``size`` bytes (at least eight) of noise, for brokers that do not look inside."""
    return Payload(np.random.default_rng(1).bytes(max(size, 8)), 0, None)


def vehicle_data(campaign: str, manifest: str, samples: Sequence[tuple[int, int, float]], time_ms: int) -> Payload:
    """A VehicleData of these samples.

    Args:
        campaign: its sync id.
        manifest: the decoder manifest's sync id.
        samples: milliseconds relative to the event, signal id, value.
        time_ms: the event's time, milliseconds since 1970.
    """
    data = VehicleData(
        campaign_sync_id=campaign,
        decoder_sync_id=manifest,
        collection_event_id=event_id(0),
        collection_event_time_ms_epoch=time_ms,
    )
    head = len(data.SerializeToString()) - 2 - _EVENT_BYTES - _TIME_BYTES
    for relative_ms, signal, value in samples:
        data.captured_signals.add(relative_time_ms=relative_ms, signal_id=signal, double_value=value)
    raw = data.SerializeToString()
    assert raw[head : head + 1] == _EVENT_TAG
    assert raw[head + 1 + _EVENT_BYTES : head + 2 + _EVENT_BYTES] == _TIME_TAG
    return Payload(raw, head + 1, head + 2 + _EVENT_BYTES)


def wavy_samples(
    count: int, signals: Sequence[int], *, first: int = 0, period_ms: int = 100
) -> list[tuple[int, int, float]]:
    """``count`` samples, the signals in turn, smooth values of two decimals, the newest at the event's time.

    Args:
        count: how many.
        signals: their ids.
        first: the number of the first sample; another number, other values.
        period_ms: between two samples of a signal.
    """
    moments = -(-count // len(signals))
    samples = []
    for index in range(count):
        moment, column = divmod(index, len(signals))
        value = 50 + 40 * math.sin((first + index) / 30 + signals[column])
        samples.append(((moment + 1 - moments) * period_ms, signals[column], round(value, 2)))
    return samples
