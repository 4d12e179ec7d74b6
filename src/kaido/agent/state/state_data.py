"""LastKnownStateData from columns: protobuf bytes made by NumPy, without Python work per sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.agent import texts, varints
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from kaido.agent.texts import Fields, Texts

# Tags of the protobuf encoding: field number << 3 | wire type.
_TEMPLATE = 6 << 3 | 2
_CAPTURED_SIGNALS = 2 << 3 | 2
_SIGNAL_ID = 1 << 3 | 0
_RELATIVE_TIME = (0xC0, 0x3E)  # field 1000, in two bytes
_LONGEST_LENGTH = 5

_VARINT, _FIXED32, _FIXED64 = 0, 5, 1
_FIELDS = {
    pb.FLOAT64: (2, _FIXED64),
    pb.BOOL: (3, _VARINT),
    pb.INT8: (4, _VARINT),
    pb.UINT8: (5, _VARINT),
    pb.INT16: (6, _VARINT),
    pb.UINT16: (7, _VARINT),
    pb.INT32: (8, _VARINT),
    pb.UINT32: (9, _VARINT),
    pb.INT64: (10, _VARINT),
    pb.UINT64: (11, _VARINT),
    pb.FLOAT32: (12, _FIXED32),
}
"""The field of each type in a StateSignal, and how it is written."""

_KINDS = 16
_TAG = np.zeros(_KINDS, np.uint8)
_LEAST = np.full(_KINDS, np.inf)
_BEYOND = np.full(_KINDS, -np.inf)
"""An integer type takes whole numbers from ``_LEAST`` to before ``_BEYOND``; the others take none."""
_IS_SIGNED = np.zeros(_KINDS, np.bool_)
for _kind, (_field, _wire_type) in _FIELDS.items():
    _TAG[_kind] = _field << 3 | _wire_type
for _bits in (8, 16, 32, 64):
    _unsigned, _signed = pb.PrimitiveType.Value(f"UINT{_bits}"), pb.PrimitiveType.Value(f"INT{_bits}")
    _LEAST[_unsigned], _BEYOND[_unsigned] = 0, 2.0**_bits
    _LEAST[_signed], _BEYOND[_signed] = -(2.0 ** (_bits - 1)), 2.0 ** (_bits - 1)
    _IS_SIGNED[_signed] = True
_LEAST[pb.BOOL], _BEYOND[pb.BOOL] = 0, 2


@dataclass(frozen=True)
class Part:
    """What is told of one template: N values.

    Attributes:
        sync_id: the template's.
        signal_id: uint32.
        kind: the type of each (pb.PrimitiveType). A value that its type does not take goes as FLOAT64.
        sample_ms: int64, when each was taken, ms since the epoch.
        value: float64.
        text: of the values that are texts.
    """

    sync_id: str
    signal_id: NDArray[np.uint32]
    kind: NDArray[np.uint8]
    sample_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    text: Texts = None

    def __len__(self) -> int:
        return len(self.signal_id)

    def take(self, rows: NDArray[np.bool_]) -> Part:
        """Some of the values."""
        text = None if self.text is None else self.text[rows]
        return Part(self.sync_id, self.signal_id[rows], self.kind[rows], self.sample_ms[rows], self.value[rows], text)


def payloads(time_ms: int, parts: Iterable[Part], limit: int) -> Iterator[bytes]:
    """The payloads of an event, as raw-block Snappy, each at most ``limit`` bytes.

    Args:
        time_ms: of the event; values tell how long before it they were taken.
        parts: in their order; a part may go on in the next payload.
        limit: bytes after compression: Snappy can grow what it cannot compress.
    """
    header = pb.LastKnownStateData(collection_event_time_ms_epoch=time_ms).SerializeToString()
    room = (limit - 32) * 6 // 7 - len(header)  # Snappy's worst case is 32 + n + n / 6
    open_, used = [header], 0
    for part in parts:
        name = pb.CapturedStateTemplateSignals(state_template_sync_id=part.sync_id).SerializeToString()
        around = 1 + _LONGEST_LENGTH + len(name)
        signals, ends = _captured(part, time_ms)
        start_byte = start = 0
        while start < len(part):
            end = int(np.searchsorted(ends, start_byte + room - used - around, side="right"))
            if end <= start:
                if not used:
                    raise ValueError(f"a limit of {limit} bytes has no room for a value")
                yield snappy.compress(b"".join(open_))
                open_, used = [header], 0
                continue
            end_byte = int(ends[end - 1])
            content = name + signals[start_byte:end_byte].tobytes()
            open_ += [bytes([_TEMPLATE]), _varint(len(content)), content]
            used += around + end_byte - start_byte
            start, start_byte = end, end_byte
    if used:
        yield snappy.compress(b"".join(open_))


def _captured(part: Part, time_ms: int) -> Fields:
    """The fields of all values: first the numbers, then the texts."""
    if part.text is None:
        return _captured_signals(part, time_ms)
    is_text = texts.which(part.text)
    return texts.behind(_captured_signals(part.take(~is_text), time_ms), _captured_texts(part.take(is_text), time_ms))


def _captured_texts(part: Part, time_ms: int) -> Iterator[bytes]:
    assert part.text is not None
    rows = zip((part.sample_ms - time_ms).tolist(), part.signal_id.tolist(), part.text, strict=True)
    for relative, number, text in rows:
        one = pb.StateSignal(signal_id=number, string_value=text, relative_time_ms=relative)
        yield pb.CapturedStateTemplateSignals(captured_signals=[one]).SerializeToString()


def _captured_signals(part: Part, time_ms: int) -> Fields:
    """All ``captured_signals`` fields one after the other, and the offset at which each ends.

    As in ``vehicle_data``: each value is a row of the widest shape, and what is not needed is cut out at the end. The
    result is byte for byte what the protobuf library writes.
    """
    kind = _fitting(part.kind, part.value)
    relative = varints.zigzag(part.sample_ms - time_ms)
    numbers = part.signal_id.astype(np.uint64)
    whole = _whole_numbers(kind, part.value)
    id_width, id_lengths = varints.lengths(numbers)
    whole_width, whole_lengths = varints.lengths(whole)
    time_width, time_lengths = varints.lengths(relative)
    # proto3 leaves a zero out, except in a oneof: id and time go, the value stays.
    named, timed = numbers != 0, relative != 0
    double, single = kind == pb.FLOAT64, kind == pb.FLOAT32
    id_lengths = id_lengths * named
    time_lengths = time_lengths * timed
    value_lengths = np.select([double, single], [8, 4], whole_lengths)

    width = max(8, whole_width)
    rows = np.empty((len(part), 4 + id_width + width + 2 + time_width), np.uint8)
    used = np.ones(rows.shape, np.bool_)
    sizes = named + id_lengths + 1 + value_lengths + 2 * timed + time_lengths
    rows[:, 0] = _CAPTURED_SIGNALS
    rows[:, 1] = sizes
    rows[:, 2] = _SIGNAL_ID
    used[:, 2] = named
    at = 3
    varints.write(rows, used, at, numbers, id_lengths, id_width)
    at += id_width
    rows[:, at] = _TAG[kind]
    at += 1
    varints.write(rows, used, at, whole, value_lengths, width)
    rows[double, at : at + 8] = part.value[double].astype("<f8").view(np.uint8).reshape(-1, 8)
    rows[single, at : at + 4] = part.value[single].astype("<f4").view(np.uint8).reshape(-1, 4)
    at += width
    rows[:, at : at + 2] = _RELATIVE_TIME
    used[:, at : at + 2] = timed[:, np.newaxis]
    at += 2
    varints.write(rows, used, at, relative, time_lengths, time_width)
    return rows[used], np.cumsum(2 + sizes, dtype=np.int64)


def _fitting(kind: NDArray[np.uint8], value: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The type of each value where that type takes it, else FLOAT64."""
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = (value.astype(np.float32) == value) | np.isnan(value)
    whole = (np.floor(value) == value) & (_LEAST[kind] <= value) & (value < _BEYOND[kind])
    fits = np.where(kind == pb.FLOAT32, narrow, whole)
    return np.where(fits, kind, np.uint8(pb.FLOAT64))


def _whole_numbers(kind: NDArray[np.uint8], value: NDArray[np.float64]) -> NDArray[np.uint64]:
    """What is written as a varint; 0 where the value is not."""
    signed = _IS_SIGNED[kind]
    unsigned = ~signed & (_LEAST[kind] == 0)
    found = np.zeros(len(value), np.uint64)
    found[unsigned] = value[unsigned].astype(np.uint64)
    found[signed] = varints.zigzag(value[signed].astype(np.int64))
    return found


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:  # noqa: PLR2004  # seven bits a byte
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def kinds(primitive_types: Iterable[int]) -> NDArray[np.uint8]:
    """The types of a manifest's signals as a ``Part`` has them: what cannot be sent as it is goes as FLOAT64."""
    return np.array([one if one in _FIELDS else pb.FLOAT64 for one in primitive_types], np.uint8)
