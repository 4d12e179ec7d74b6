"""Flat rows: for small batches, as an agent has them.

About twenty NumPy calls, however many messages and signals there are: every frame is spread to its signals, and each
row gathers its own shift, mask and scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.decode_fields import Field, Reading, inexact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kaido.can.decode_accounting import Accounting
    from kaido.can.decode_lookup import Lookup
    from kaido.can.frames import Frames
    from kaido.catalog.can_signal import CanSignal, Selector

_SELECTOR_SPAN = 33
"""Selectors have up to 32 bits; one more keeps the end of one selector's values apart from the next selector's."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Decoded samples, in the order of the frames or signal by signal.

    Attributes:
        time_us: int64, the time of the frame.
        signal_index: int32 or int64, an index into the decoder's signals.
        value: float64, in the signal's unit.
    """

    time_us: NDArray[np.int64]
    signal_index: NDArray[np.int32] | NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time_us)


@dataclass(frozen=True, slots=True)
class FrameRows(Rows):
    """Decoded samples in the order of the frames.

    Attributes:
        frame: intp, which of the frames with a known identifier each came in; never falls.
    """

    frame: NDArray[np.intp]


class RowDecoder:
    """Decodes batches to rows. A *place* is a signal in a message: one of several where it is on any bus."""

    def __init__(self, signals: Sequence[CanSignal], lookup: Lookup) -> None:
        self._lookup = lookup
        places = [index for indexes in lookup.messages for index in indexes]
        counts = [0, *(len(indexes) for indexes in lookup.messages)]
        self._count = np.array(counts, np.int64)
        self._first = np.cumsum(self._count) - self._count
        self._signal = np.array(places, np.int64)
        self._fields = _Fields([Field.of(signals[index]) for index in places])
        self._readings = _Readings([Reading.of(signals[index]) for index in places])
        self._presence = _Presence([signals[index].selectors for index in places])

    def rows(self, frames: Frames, accounting: Accounting) -> FrameRows:
        """The samples of the frames."""
        frames = accounting.data_frames(frames)
        slots = self._lookup.slots(frames)
        known = slots != 0
        if not known.all():
            accounting.count_unknown(frames.take(~known))
            frames, slots = frames.take(known), slots[known]
        count = self._count[slots]
        ends = np.cumsum(count)
        total = int(ends[-1]) if len(ends) else 0
        frame = np.repeat(np.arange(len(frames)), count)
        place = np.arange(total) + np.repeat(self._first[slots] - ends + count, count)
        payload = _Payload(frames)
        short = np.zeros(len(frames), bool)
        if self._presence.any:
            present = self._presence.of(payload, frame, place, short)
            frame, place = frame[present], place[present]
        fits = self._fields.fit(payload, frame, place)
        if not fits.all():
            short[frame[~fits]] = True
            frame, place = frame[fits], place[fits]
        accounting.count_known(len(frames), int(np.count_nonzero(short)))
        values = self._readings.values(self._fields.raw(payload, frame, place), place)
        return FrameRows(frames.time_us[frame], self._signal[place], values, frame)


class _Payload:
    """Payloads as words: first all little-endian, then all big-endian ones."""

    def __init__(self, frames: Frames) -> None:
        little = frames.data.view("<u8")
        self.words = little.shape[1]
        self.lengths = frames.length
        self._all = np.concatenate([little, little.byteswap()], axis=1).ravel()

    def word(self, frame: NDArray[np.intp], big: NDArray[np.int64], word: NDArray[np.int64]) -> NDArray[np.uint64]:
        """One word of each of the frames."""
        words: NDArray[np.uint64] = self._all[(frame * 2 + big) * self.words + word]
        return words


class _Fields:
    """Fields as columns."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._big = np.array([field.big_endian for field in fields], np.int64)
        self._word = np.array([field.word for field in fields], np.int64)
        self._shift = np.array([field.shift for field in fields], np.uint64)
        self._other = np.array([field.other for field in fields], np.int64)
        self._left = np.array([field.left for field in fields], np.uint64)
        self._mask = np.array([field.mask for field in fields], np.uint64)
        self._need = np.array([field.bytes_needed for field in fields], np.uint8)
        self._any_crosses = any(field.left for field in fields)

    def fit(self, payload: _Payload, frame: NDArray[np.intp], which: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the frames hold the fields."""
        fits: NDArray[np.bool_] = payload.lengths[frame] >= self._need[which]
        return fits

    def raw(self, payload: _Payload, frame: NDArray[np.intp], which: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The masked bits of fields that fit."""
        raw = payload.word(frame, self._big[which], self._word[which])
        raw >>= self._shift[which]
        if self._any_crosses:
            left = self._left[which]
            at = np.flatnonzero(left)
            which_at = which[at]
            raw[at] |= payload.word(frame[at], self._big[which_at], self._other[which_at]) << left[at]
        raw &= self._mask[which]
        return raw


class _Readings:
    """Readings as columns."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._toggle = np.array([one.toggle for one in readings], np.uint64)
        self._bias = np.array([one.bias for one in readings], np.float64)
        self._factor = np.array([one.factor for one in readings], np.float64)
        self._offset = np.array([one.offset for one in readings], np.float64)
        kinds = sorted({(one.kind, one.length, one.flip) for one in readings if one.kind != "exact"})
        numbers = {kind: number for number, kind in enumerate(kinds, start=1)}
        self._inexact = kinds
        self._kind = np.array([numbers.get((one.kind, one.length, one.flip), 0) for one in readings], np.int64)

    def values(self, raw: NDArray[np.uint64], which: NDArray[np.int64]) -> NDArray[np.float64]:
        """The values of masked raw bits."""
        exact = raw ^ self._toggle[which]
        values = exact.view(np.float64)
        values -= self._bias[which]
        if self._inexact:
            kind = self._kind[which]
            for number in np.unique(kind[kind != 0]).tolist():
                at = np.flatnonzero(kind == number)
                values[at] = inexact(raw[at], *self._inexact[number - 1])
        values *= self._factor[which]
        values += self._offset[which]
        return values


class _Presence:
    """Which signals are in a frame, by its multiplexers."""

    def __init__(self, selectors: Sequence[tuple[Selector, ...]]) -> None:
        unique = {one: number for number, one in enumerate(dict.fromkeys(one for many in selectors for one in many))}
        self.any = bool(unique)
        self._fields = _Fields([Field.of(one) for one in unique])
        self._bounds = np.array(list(_bounds(unique)), np.uint64)
        depth = max((len(many) for many in selectors), default=0)
        self._of_place = np.full((depth, len(selectors)), -1, np.int64)
        for place, many in enumerate(selectors):
            self._of_place[: len(many), place] = [unique[one] for one in many]

    def of(
        self, payload: _Payload, frame: NDArray[np.intp], place: NDArray[np.int64], short: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which rows are there. Frames too short for a multiplexer are marked in ``short``."""
        present = np.ones(len(frame), bool)
        for selectors in self._of_place:
            selector = selectors[place]
            at = np.flatnonzero(present & (selector >= 0))
            fits = self._fields.fit(payload, frame[at], selector[at])
            short[frame[at[~fits]]] = True
            present[at[~fits]] = False
            at = at[fits]
            which = selector[at]
            raw = self._fields.raw(payload, frame[at], which)
            passed = np.searchsorted(self._bounds, which.astype(np.uint64) << np.uint64(_SELECTOR_SPAN) | raw, "right")
            present[at] = passed & 1
        return present


def _bounds(selectors: Iterable[Selector]) -> Iterable[int]:
    """Where ranges begin and (one beyond) end, of all selectors in one rising row: inside is after an odd count."""
    for number, selector in enumerate(selectors):
        for first, last in selector.ranges:
            yield (number << _SELECTOR_SPAN) + first
            yield (number << _SELECTOR_SPAN) + last + 1
