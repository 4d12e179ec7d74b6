"""The newest value of each signal, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.agent.samples import Samples
    from kaido.agent.texts import Texts


class Values:
    """Arrays by a signal's place in the manifest.

    Attributes:
        known: whether there is a value.
        time_us: of the newest, microseconds since the epoch.
        value: the newest; NaN where it is a text.
        text: the newest texts, once there was one.
    """

    def __init__(self, signals: int) -> None:
        self.known = np.zeros(signals, np.bool_)
        self.time_us = np.zeros(signals, np.int64)
        self.value = np.zeros(signals, np.float64)
        self.text: Texts = None

    def take(self, samples: Samples) -> NDArray[np.bool_]:
        """Take samples in the order of their arrival; which of them differ from the one before of their signal.

        A signal's first value differs from nothing, and counts. NaN does not differ from NaN.
        """
        order = np.argsort(samples.signal, kind="stable")
        place, value = samples.signal[order], samples.value[order]
        first = np.append(True, place[1:] != place[:-1])[: len(place)]
        before = np.where(first, self.value[place], np.roll(value, 1))
        same = (value == before) | (np.isnan(value) & np.isnan(before))
        if samples.text is not None:
            same &= self._same_texts(place, samples.text[order], first)
        changed = np.empty(len(place), np.bool_)
        changed[order] = ~same | (first & ~self.known[place])
        self.known[place] = True
        # Where a place occurs several times, the last one stays.
        self.value[place] = value
        self.time_us[place] = samples.time_us[order]
        return changed

    def _same_texts(
        self, place: NDArray[np.intp], text: NDArray[np.object_], first: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which texts are like the one before; they are taken. Where a number is, and was, there is none."""
        if self.text is None:
            self.text = np.full(len(self.known), None)
        same: NDArray[np.bool_] = text == np.where(first, self.text[place], np.roll(text, 1))
        self.text[place] = text
        return same

    def of(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64], Texts]:
        """Places, times, values and texts of the signals that are wanted and known."""
        places = np.flatnonzero(wanted & self.known)
        return places, self.time_us[places], self.value[places], None if self.text is None else self.text[places]
