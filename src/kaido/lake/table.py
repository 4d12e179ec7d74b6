"""One Delta table: fresh handles, durable commits, each application transaction once.

``deltalake`` never calls fsync, and it holds an application transaction only against the snapshot of the handle that
commits. So every commit here reads the transaction's version and commits on one and the same handle, and syncs the
log before it returns. A handle is cheap to open (some milliseconds) while refreshing an old one costs more the
more files the table has: no handle is kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction, Transaction

from kaido.errors import KaidoError, UnavailableError
from kaido.lake.files import DataFile
from kaido.lake.log import Log
from kaido.runtime import folders, log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kaido.lake.schema import Layout

logger = logging.getLogger(__name__)

REPLACEMENTS = "kaido.replacements"
"""The application whose transactions are all replacements of files."""
CHECKPOINT_ENTRIES = 100
"""Log entries after which the state of the table is written down as a whole."""
ATTEMPTS = 50
"""Conflicts that a commit survives before it gives up; each lost race means that another writer won one."""


class Table:
    """A table of one company. Safe to use from several threads and several processes at once."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder = folder
        self.layout = layout
        self._partitioned = layout.partitioned
        self._log = Log(folder / "_delta_log")
        self._delta_schema = Schema.from_arrow(layout.delta_schema())
        self._lock = threading.Lock()
        self._cached: tuple[str, list[DataFile]] | None = None

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self._log.exists()

    def transaction_version(self, app_id: str) -> int | None:
        """The newest version that an application committed (and that is on disk), None if there is none."""
        if not self.exists():
            return None
        version: int | None = self._open().transaction_version(app_id)
        self._sync()
        return version

    def is_at(self, app_id: str, version: int) -> bool:
        """Whether an application has committed a version, or a newer one."""
        current = self.transaction_version(app_id)
        return current is not None and current >= version

    def commit(self, app_id: str, version: int, add: Sequence[DataFile]) -> bool:
        """Put files into the table as one transaction of an application, on disk before this returns.

        Returns:
            False when the application's version is in the table already; nothing was changed.

        Raises:
            UnavailableError: the log cannot be written, or other writers won too often. Trying again is safe.
        """
        actions = [file.add_action(self._partitioned) for file in add]
        for _ in range(ATTEMPTS):
            handle = self._open()
            if _is_at(handle, app_id, version):
                self._sync()
                return False
            if self._committed(handle, actions, (app_id, version)):
                return True
        raise self._contended()

    def replace(
        self,
        remove: Sequence[DataFile],
        add: Sequence[DataFile],
        *,
        rows_change: bool,
        transaction: tuple[str, int] | None = None,
    ) -> bool:
        """Take files out and put others in, in one step.

        Every replacement is a transaction of one application: of two that started from the same state only one
        is let in. (Delta alone accepts both, and the rows of the removed files would be there twice.)

        Args:
            remove: files to take out; they stay on disk until they are vacuumed.
            add: files to put in.
            rows_change: False when the same rows only lie elsewhere.
            transaction: an application and its version that become the table's in the same step.

        Returns:
            False when a file to take out is gone already, or the application's version is in the table already;
            nothing was changed.
        """
        actions: list[AddAction | RemoveAction] = [
            file.remove_action(self._partitioned, rows_go=rows_change) for file in remove
        ]
        actions += [file.add_action(self._partitioned, new_rows=rows_change) for file in add]
        paths = {file.path for file in remove}
        for _ in range(ATTEMPTS):
            handle = self._open()
            if not paths <= {file.path for file in _files(handle, self.layout)}:
                return False
            if transaction and _is_at(handle, *transaction):
                self._sync()
                return False
            version = handle.transaction_version(REPLACEMENTS) or 0
            if self._committed(handle, actions, (REPLACEMENTS, version + 1), *([transaction] if transaction else [])):
                for path in paths:  # the age of waste counts from here; see vacuum
                    with contextlib.suppress(FileNotFoundError):
                        os.utime(self.folder / path)
                return True
        raise self._contended()

    def _committed(
        self, handle: DeltaTable, actions: Sequence[AddAction | RemoveAction], *transactions: tuple[str, int]
    ) -> bool:
        try:
            handle.create_write_transaction(
                list(actions),
                "append",
                self._delta_schema,
                self.layout.partition_by,
                commit_properties=CommitProperties(
                    app_transactions=[Transaction(*one) for one in transactions], max_commit_retries=ATTEMPTS
                ),
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
        except CommitFailedError:
            return False
        except (DeltaError, OSError) as error:
            raise UnavailableError(f"the lake table {self.folder} cannot be written", why=str(error)) from error
        self._sync()
        self._shorten_log()
        return True

    def _sync(self) -> None:
        try:
            self._log.sync()
        except OSError as error:
            raise UnavailableError(
                f"the lake table {self.folder} cannot be brought to disk", why=error.strerror or str(error)
            ) from error

    def _shorten_log(self) -> None:
        if self._log.entries_since_checkpoint() < CHECKPOINT_ENTRIES:
            return
        try:
            handle = self._open()
            handle.create_checkpoint()
            self._log.sync_checkpoint()
            handle.cleanup_metadata()
        except (KaidoError, DeltaError, OSError) as error:  # what was committed stands; the next commit tries again
            log.event(logger, logging.WARNING, "no checkpoint", table=self.folder, why=error)

    def _contended(self) -> UnavailableError:
        return UnavailableError(
            f"the lake table {self.folder} cannot be written", why="other writers were faster each time"
        )

    def files(self) -> list[DataFile]:
        """The files of the table as it is now."""
        if not self.exists():
            return []
        newest = self._log.newest()
        with self._lock:
            if self._cached is None or self._cached[0] != newest:
                self._cached = (newest, _files(self._open(), self.layout))
            return self._cached[1]

    def version(self) -> int | None:
        """The number of the newest commit; None before the first."""
        newest = self._log.newest() if self.exists() else ""
        return int(newest[:20]) if newest else None

    def appended(self, after: int, upto: int) -> list[DataFile] | None:
        """The files whose rows came in with the commits ``after`` + 1 to ``upto``; rows that only moved are not new.

        Returns:
            None where the log no longer reaches back so far.
        """
        found = [self._log.added(number) for number in range(after + 1, upto + 1)]
        if any(entry is None for entry in found):
            return None
        return [DataFile.from_log(add, self.layout) for entry in found for add in entry or ()]

    def removed(self, after: int, upto: int) -> list[str] | None:
        """The paths of the files whose rows those commits took away; None where the log does not reach back."""
        found = [self._log.removed(number) for number in range(after + 1, upto + 1)]
        if any(entry is None for entry in found):
            return None
        return [unquote(remove["path"]) for entry in found for remove in entry or ()]

    def _open(self) -> DeltaTable:
        self._log.heal()
        try:
            return DeltaTable(self.folder)
        except TableNotFoundError:
            return self._create()
        except (DeltaError, OSError) as error:
            raise UnavailableError(f"the lake table {self.folder} cannot be read", why=str(error)) from error

    def _create(self) -> DeltaTable:
        folders.make(self.folder)
        try:
            DeltaTable.create(
                self.folder,
                self._delta_schema,
                mode="ignore",
                partition_by=self.layout.partition_by,
                configuration={"delta.logRetentionDuration": "interval 10 minutes"},
            )
        except DeltaError as error:
            if not DeltaTable.is_deltatable(str(self.folder)):  # else another process was faster
                raise UnavailableError(f"the lake table {self.folder} cannot be made", why=str(error)) from error
        for folder in (self.folder, self.folder.parent, self.folder.parent.parent):
            folders.sync_folder(folder)
        self._sync()
        return DeltaTable(self.folder)


def _is_at(handle: DeltaTable, app_id: str, version: int) -> bool:
    current = handle.transaction_version(app_id)
    return current is not None and current >= version


def _files(handle: DeltaTable, layout: Layout) -> list[DataFile]:
    actions = pa.table(handle.get_add_actions(flatten=True))
    for name in actions.column_names:
        if pa.types.is_timestamp(actions.schema.field(name).type):
            index = actions.column_names.index(name)
            micros = actions[name].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
            actions = actions.set_column(index, name, micros)
    return [
        DataFile(
            path=row["path"],
            size_bytes=row["size_bytes"],
            rows=row["num_records"],
            day=row.get("partition.day"),
            low={name: row[f"min.{name}"] for name in layout.statistics},
            high={name: row[f"max.{name}"] for name in layout.statistics},
        )
        for row in actions.to_pylist()
    ]
