"""python-can's SQLite: a table ``messages`` of time, identifier, flags, length, data.

Source: python-can 4, ``can.io.sqlite``. The form knows neither channels nor CAN FD.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE
from kaido.recordings.errors import DamagedLineError, NotARecordingError
from kaido.recordings.rows import CLASSIC_MAX, Row, checked, frames_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.can.frames import Frames
    from kaido.recordings.account import Account
    from kaido.recordings.source import Source

_QUERY = "SELECT ts, arbitration_id, extended, remote, error, dlc, data FROM messages ORDER BY rowid"
_KIND = "SELECT type FROM sqlite_schema WHERE name = 'messages'"
_ROWS = 50_000
_LONGEST = 1_000_000


def read_sqlite(source: Source, account: Account) -> Iterator[Frames]:
    """The frames of a database. A damaged line is a damaged row.

    Raises:
        NotARecordingError: there is no such table.
    """
    with (
        source.whole_file(account) as path,
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base,
    ):
        try:
            # The file is a stranger's. A view, or a column that is computed, could run for ever and take all memory.
            base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            base.execute("PRAGMA trusted_schema = off")
            kind = base.execute(_KIND).fetchone()
            if kind is not None and kind[0] != "table":
                raise NotARecordingError.of(source.name, f"'messages' is a {kind[0]}, not a table")
            cursor = base.execute(_QUERY)
        except sqlite3.Error as error:
            raise NotARecordingError.of(source.name, f"SQLite says: {error}") from error
        while True:
            try:
                batch = cursor.fetchmany(_ROWS)
            except sqlite3.Error as error:
                account.lines += 1
                account.damage(account.lines, f"SQLite says: {error}")
                return
            if not batch:
                return
            rows = []
            for values in batch:
                account.lines += 1
                try:
                    rows.append(checked(_row(values)))
                except DamagedLineError as error:
                    account.damage(account.lines, str(error))
            account.frames += len(rows)
            yield frames_of(rows)


def _row(values: tuple[Any, ...]) -> Row:
    time, can_id, extended, remote, error, length, data = values
    if not isinstance(time, float | int) or not abs(time) < 1e13:  # noqa: PLR2004  # NaN and infinity too
        raise DamagedLineError("the time is no number of seconds")
    if not isinstance(can_id, int) or not isinstance(length, int):
        raise DamagedLineError("identifier or length is no number")
    if not isinstance(data, bytes | None):
        raise DamagedLineError("the data is no blob")
    flags = (EXTENDED if extended else 0) | (REMOTE if remote else 0) | (ERROR if error else 0)
    flags |= FD if length > CLASSIC_MAX else 0
    return Row(round(time * 1e6), "can0", can_id, flags, length, bytes(data or b""))
