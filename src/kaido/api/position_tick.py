"""The state of a company's positions at one moment, and the frames of it, each encoded once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kaido.api import position_frames
from kaido.api.position_frames import DELTA, FULL

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from kaido.api.position_state import Positions

_TICKS = (1 << 32) - 1


class Tick:
    """One look at the twin.

    Attributes:
        number: from 1 on.
        base: the number of the look before; 0 where there was none.
        ids: of the vehicles.
        delta: the frame of what changed since ``base``.
    """

    def __init__(
        self,
        number: int,
        base: int,
        positions: Positions,
        changed: npt.NDArray[np.int64],
        moment_ms: float,
    ) -> None:
        self.number, self.base = number, base
        self.ids: pa.StringArray = positions.ids
        self.delta = position_frames.encode(
            positions.columns, changed, kind=DELTA, moment_ms=moment_ms, tick=number, base=base
        )
        self._columns: dict[str, npt.NDArray[Any]] = dict(positions.columns)
        self._moment_ms = moment_ms
        self._whole = b""
        self._names: dict[int, str] = {}

    @classmethod
    def after(cls, before: Self | None, positions: Positions, changed: npt.NDArray[np.int64], moment_ms: float) -> Self:
        """The look that follows another."""
        base = before.number if before is not None else 0
        return cls(base % _TICKS + 1, base, positions, changed, moment_ms)

    def whole(self) -> bytes:
        """The frame of all vehicles."""
        if not self._whole:
            self._whole = position_frames.encode(
                self._columns, np.arange(len(self.ids)), kind=FULL, moment_ms=self._moment_ms, tick=self.number, base=0
            )
        return self._whole

    def named(self, first: int) -> str:
        """The text frame of the ids from an index on."""
        if first not in self._names:
            self._names[first] = json.dumps({"from": first, "ids": self.ids[first:].to_pylist()})
        return self._names[first]
