"""The lake of one company: what other rooms call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError
from kaido.lake import compaction, quarantine, reads, statistics, upkeep, writer
from kaido.lake.schema import DERIVED, QUARANTINE, SIGNALS
from kaido.lake.table import Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path
    from threading import Event

    import pyarrow as pa

    from kaido.lake.statistics import TableStatistics


class Lake:
    """The tables of one company below ``root``.

    Args:
        root: the folder of all companies' lakes.
        company: whose tables.
    """

    def __init__(self, root: Path, company: str) -> None:
        self.company = company
        self.folder = root / company
        self.signals_table = Table(self.folder / SIGNALS.name, SIGNALS)
        self.quarantine_table = Table(self.folder / QUARANTINE.name, QUARANTINE)
        self.tables = (self.signals_table, self.quarantine_table)
        self.derived = {layout.name: Table(self.folder / layout.name, layout) for layout in DERIVED}
        """What the services make of the samples; they alone write and tidy these tables."""

    def append(self, samples: pa.Table, *, app_id: str, version: int) -> bool:
        """Write samples (SAMPLE_SCHEMA), exactly once for each version of an application.

        Parquet, Delta log and their folders are on disk when this returns.

        Args:
            samples: the rows; none at all still commits the version.
            app_id: who writes, for example a journal stream.
            version: a number that grows with each append of ``app_id``, for example the journal sequence.

        Returns:
            False when this version (or a later one) is in already; nothing was written.

        Raises:
            InvalidInputError: the columns are not those of SAMPLE_SCHEMA.
            UnavailableError: the disk is full or away. The same call again is safe.
        """
        return _append(self.signals_table, samples, app_id, version)

    def transaction_version(self, app_id: str) -> int | None:
        """The newest version that ``app_id`` appended; None before its first."""
        return self.signals_table.transaction_version(app_id)

    def quarantine(self, rows: pa.Table, *, app_id: str, version: int) -> bool:
        """Keep payloads that cannot be read (QUARANTINE_SCHEMA), exactly once, as ``append`` does."""
        return _append(self.quarantine_table, rows, app_id, version)

    def quarantined(
        self,
        *,
        limit: int | None = None,
        ids: Sequence[str] | None = None,
        after: str | None = None,
        kept: reads.Kept = reads.Kept(),  # noqa: B008  # it is frozen
    ) -> pa.Table:
        """What lies in quarantine (QUARANTINE_SCHEMA), newest arrival first.

        Args:
            limit: rows at most.
            ids: only these.
            after: only what follows the row of this id, in that order.
            kept: of which reason, of which vehicle.
        """
        return reads.quarantined(self.quarantine_table, limit=limit, ids=ids, after=after, kept=kept)

    def quarantined_ids(self, kept: reads.Kept = reads.Kept()) -> list[str]:  # noqa: B008  # as above
        """The ids of all that lies in quarantine, oldest arrival first."""
        return reads.quarantined_ids(self.quarantine_table, kept)

    def quarantine_reasons(self, kept: reads.Kept = reads.Kept()) -> pa.Table:  # noqa: B008  # as above
        """Why payloads lie in quarantine, as ``reads.REASONS_SCHEMA``."""
        return reads.quarantine_reasons(self.quarantine_table, kept)

    def drop_quarantined(self, ids: Sequence[str]) -> int:
        """Delete payloads from quarantine, for example because they were replayed. Unknown ids are no error.

        Returns:
            How many rows were deleted.
        """
        return quarantine.drop(self.quarantine_table, set(ids))

    def signals(
        self,
        vehicles: str | Sequence[str],
        signals: str | Sequence[str],
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        *,
        points: int | None = None,
        limit: int | None = None,
        seconds: float = reads.SECONDS,
    ) -> pa.Table:
        """Samples (SAMPLE_SCHEMA), ordered by vehicle, signal and time.

        Args:
            vehicles: one or several names; ``*`` and ``?`` stand for any text and any character.
            signals: likewise.
            start: the first moment, with its zone.
            end: the moment after the last.
            points: about as many samples for each signal of each vehicle, its extremes among them.
            limit: rows after which the answer ends.
            seconds: how long it may take.

        Raises:
            TooLargeError: it takes longer, or more than the memory of a query.
            UnavailableError: the files cannot be read.
        """
        selection = reads.Selection(_several(vehicles), _several(signals), start, end)
        return reads.signals(self.signals_table, selection, points=points, limit=limit, seconds=seconds)

    def thinned(
        self,
        vehicles: str | Sequence[str],
        signals: str | Sequence[str],
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        *,
        points: int,
        limit: int,
        seconds: float = reads.SECONDS,
    ) -> pa.Table:
        """As ``signals`` with ``points``; what drawing needs of it, as ``reads.THINNED_SCHEMA``."""
        selection = reads.Selection(_several(vehicles), _several(signals), start, end)
        return reads.thinned(self.signals_table, selection, points=points, limit=limit, seconds=seconds)

    def recorded(
        self,
        vehicles: str | Sequence[str],
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        *,
        seconds: float = reads.SECONDS,
    ) -> pa.Table:
        """The signals of which there are samples, by name, as ``reads.RECORDED_SCHEMA``.

        Args:
            vehicles: one or several names or patterns, as for ``signals``.
            start: the first moment, with its zone.
            end: the moment after the last.
            seconds: how long it may take.
        """
        selection = reads.Selection(_several(vehicles), ("*",), start, end)
        return reads.recorded(self.signals_table, selection, seconds=seconds)

    def vehicle_days(
        self,
        vehicles: str | Sequence[str],
        signals: str | Sequence[str],
        start: dt.datetime,
        end: dt.datetime,
        *,
        required: Sequence[str] = (),
        seconds: float = reads.SECONDS,
    ) -> pa.Table:
        """The days (UTC) on which vehicles have samples of some signals, as ``reads.DAY_SCHEMA``.

        Args:
            vehicles: one or several names or patterns, as for ``signals``.
            signals: likewise.
            start: the first moment, with its zone.
            end: the moment after the last.
            required: signals of which is counted how many have samples on a day.
            seconds: how long it may take.
        """
        selection = reads.Selection(_several(vehicles), _several(signals), start, end)
        return reads.vehicle_days(self.signals_table, selection, required, seconds=seconds)

    def compact(
        self,
        *,
        memory_mb: int = compaction.MEMORY_MB,
        max_rows: int = compaction.MAX_MERGE_ROWS,
        stop: Event | None = None,
    ) -> compaction.Compacted:
        """Merge small files into large sorted ones and delete those that were replaced a while ago.

        Appends and reads go on meanwhile. See ``kaido.lake.compaction.compact``.
        """
        done = compaction.compact(self.signals_table, memory_mb=memory_mb, max_rows=max_rows, stop=stop)
        compaction.compact(self.quarantine_table, memory_mb=memory_mb, max_rows=max_rows, stop=stop)
        for table in self.tables:
            upkeep.vacuum(table)
        return done

    def apply_retention(self, days: int) -> int:
        """Delete samples of days that are more than ``days`` old; returns how many. Zero days deletes nothing."""
        return upkeep.apply_retention(self.signals_table, days) if days else 0

    def statistics(self) -> dict[str, TableStatistics]:
        """How much lies in each table, by its name."""
        return {table.layout.name: statistics.of(table) for table in self.tables}

    def latest(self) -> pa.Table:
        """The newest sample of each signal of each vehicle, as SAMPLE_SCHEMA."""
        return reads.latest(self.signals_table)


def _append(table: Table, rows: pa.Table, app_id: str, version: int) -> bool:
    layout = table.layout
    stored = layout.store(rows)
    current = table.transaction_version(app_id)
    if current is not None and current >= version:
        return False
    began = time.monotonic()
    written = writer.write_rows(table.folder, stored, layout)
    if time.monotonic() - began > upkeep.GRACE_SECONDS / 2:  # a vacuum may soon take the files for waste
        raise UnavailableError(f"the lake table {table.folder} cannot be written", why="the disk is too slow")
    # What is not committed is left to vacuum, which asks the table: an error here may hide a commit that stands.
    return table.commit(app_id, version, written)


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
