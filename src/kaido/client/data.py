"""Methods of the client that answer tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import polars as pl
    import pyarrow as pa


class DataMethods:
    """Signals over time and SQL, as Polars; ``arrow`` of the same paths gives Arrow."""

    if TYPE_CHECKING:

        def arrow(
            self, path: str, params: Mapping[str, Any] | None = None, *, method: str = "GET", json: Any = None
        ) -> pa.Table:
            """The Arrow table at ``path``; the client has it."""

    def signals(
        self,
        vehicles: str | Sequence[str],
        signals: str | Sequence[str],
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        *,
        points: int | None = None,
        limit: int = 1_000_000,
    ) -> pl.DataFrame:
        """Samples: vehicle, signal, time, value, unit, text, campaign, event; by vehicle, signal and time.

        Args:
            vehicles: one or several ids; ``*`` and ``?`` stand for any text and any character.
            signals: paths, likewise.
            start: the first moment; text as the API takes it (``-2h``).
            end: the moment after the last.
            points: about as many samples for each signal of each vehicle, its extremes among them.
            limit: the most rows; more is an error.

        Raises:
            NotFoundError: a vehicle or signal that does not exist.
            TooLargeError: more rows than the limit.
        """
        params = {
            "vehicle": [vehicles] if isinstance(vehicles, str) else list(vehicles),
            "signal": [signals] if isinstance(signals, str) else list(signals),
            "start": _text(start),
            "end": _text(end),
            "points": points,
            "limit": limit,
        }
        return _polars(self.arrow("/v1/signals", params))

    def sql(self, query: str, *, limit: int = 1_000_000) -> pl.DataFrame:
        """The answer to one SELECT over the company's tables ``signals``, ``quarantine``, ``vehicles`` and ``catalog``.

        Raises:
            InvalidInputError: the SQL is wrong; it says where.
            TooLargeError: more rows, time or memory than is allowed.
        """
        return _polars(self.arrow("/v1/sql", method="POST", json={"sql": query, "limit": limit}))


def _text(moment: datetime | str | None) -> str | None:
    return moment if moment is None or isinstance(moment, str) else moment.isoformat()


def _polars(rows: pa.Table) -> pl.DataFrame:
    import polars  # noqa: ICN001, PLC0415  # heavy; most commands do without

    frame = polars.from_arrow(rows)
    assert isinstance(frame, polars.DataFrame)
    return frame
