"""Values that come in no frame: asked of an ECU, fetched by a function, handed over by a program."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.agent import texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kaido.agent.texts import Texts


class Readings(NamedTuple):
    """N values in the order in which they came.

    Attributes:
        time_us: int64, microseconds since the epoch.
        place: intp, of the signal in the manifest.
        value: float64; NaN where ``text`` has the value.
        text: of the signals that are texts.
    """

    time_us: NDArray[np.int64]
    place: NDArray[np.intp]
    value: NDArray[np.float64]
    text: Texts = None

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, float | str]]) -> Readings:
        """The columns of rows: time, place, value."""
        given = list(rows)
        values = [value for *_, value in given]
        told = [value if isinstance(value, str) else None for value in values]
        text: Texts = None
        if any(one is not None for one in told):
            text = np.full(len(told), None)
            text[:] = told
        return cls(
            np.array([time_us for time_us, *_ in given], np.int64),
            np.array([place for _, place, _ in given], np.intp),
            np.array([np.nan if isinstance(value, str) else value for value in values], np.float64),
            text,
        )


def checked(value: object, *, is_text: bool) -> float | str | None:
    """A value as a signal can have it that is a text, or a number; None where it cannot."""
    if isinstance(value, str):
        return str(value) if is_text and texts.can_be_sent(value) else None
    if is_text or not isinstance(value, Real | np.bool_):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
