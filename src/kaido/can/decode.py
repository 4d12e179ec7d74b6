"""Decoding CAN frames to values, without Python work per frame.

A value is ``raw * factor + offset`` in float64, as cantools computes it. Integers of up to 53 bits are exact; of longer
ones float64 keeps the first 53 bits. A float signal's NaN and infinities come out as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.can.decode_accounting import Accounting, Identifier
from kaido.can.decode_columns import ColumnDecoder, Decoded
from kaido.can.decode_lookup import Lookup
from kaido.can.decode_rows import FrameRows, RowDecoder, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kaido.can.frames import Frames
    from kaido.catalog.can_signal import CanSignal

__all__ = ["Accounting", "Decoded", "Decoder", "FrameRows", "Identifier", "Rows"]


class Decoder:
    """Decodes frames to the values of some signals. Not for several threads at once.

    Args:
        signals: what to decode; all of a manifest's, or only those that somebody wants.

    Attributes:
        signals: what is decoded; ``Rows.signal_index`` counts in it.
        accounting: what became of every frame so far.

    Raises:
        InvalidInputError: the signals are on more than 64 interfaces.
    """

    def __init__(self, signals: Sequence[CanSignal]) -> None:
        self.signals = tuple(signals)
        self.accounting = Accounting()
        lookup = Lookup(self.signals)
        self._columns = ColumnDecoder(self.signals, lookup)
        self._rows = RowDecoder(self.signals, lookup)

    def columns(self, frames: Frames) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Decode a large batch: of each signal that occurs its times (µs) and values, in the order of the frames.

        Signals of one message share one array of times.
        """
        return self.decode(frames).columns()

    def decode(self, frames: Frames) -> Decoded:
        """Decode a large batch; what comes gives its samples as columns and as rows."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self._columns.decode(frames, self.accounting)

    def rows(self, frames: Frames) -> FrameRows:
        """Decode a small batch: the samples of each frame after those of the frame before."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self._rows.rows(frames, self.accounting)
