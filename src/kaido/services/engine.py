"""The transformations on this machine: DuckDB, within a bounded memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import TooLargeError, UnavailableError
from kaido.services.inputs import FOREVER_US, constants
from kaido.services.memory import connect
from kaido.services.rules import Rules
from kaido.services.signals import PATHS
from kaido.services.transform import RESULTS, STEPS, statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.services.inputs import Inputs


class Engine:
    """DuckDB with the transformations' constants, as a context manager; used by one thread at a time.

    Args:
        memory_mb: what it may take, about.
        scratch: a folder for what does not fit.
        threads: how many it may use.
        rules: what the transformations decide by.
    """

    def __init__(self, *, memory_mb: int, scratch: Path, threads: int = 1, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._scratch = scratch
        self._duckdb = connect(memory_mb=memory_mb, scratch=scratch, threads=threads)
        for name, table in constants().items():
            self._make(name, table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._duckdb.close()

    def run(self, inputs: Inputs) -> dict[str, pa.Table]:
        """The results of all steps, by name (``transform.RESULTS``).

        Raises:
            TooLargeError: memory and scratch do not suffice.
            FileNotFoundError: a file is no longer there; look at the lake again.
            UnavailableError: the disk is full or away.
        """
        (found,) = self.runs(inputs, [inputs.windows])
        return found

    def runs(self, inputs: Inputs, parts: Sequence[pa.Table]) -> Iterator[dict[str, pa.Table]]:
        """The results for one part of the stretches after the other; their samples are read once for all of them.

        Args:
            inputs: all the stretches.
            parts: each of ``inputs.WINDOW_SCHEMA``; together they are those of ``inputs``.

        Raises:
            TooLargeError: memory and scratch do not suffice for a part.
            FileNotFoundError: a file is no longer there; look at the lake again.
            UnavailableError: the disk is full or away.
        """
        self._make("windows", inputs.windows)
        self._make("carried", inputs.carried)
        self._duckdb.execute(f"CREATE OR REPLACE TEMP VIEW samples AS {_samples(inputs)}")
        if len(parts) == 1:
            yield self._derive(f"AS {self._statement('readings')}")
            return
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            self._gather(parts, folder)
            for number, part in enumerate(parts):
                self._make("windows", part)
                yield self._derive(
                    "(car INTEGER, role INTEGER, t BIGINT, value DOUBLE)", Path(folder, f"part={number}")
                )

    def _gather(self, parts: Sequence[pa.Table], folder: str) -> None:
        """Write the readings to files, those of each part apart."""
        numbers = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        self._make("parts", pa.table({"car": pa.concat_tables(parts)["car"], "part": numbers}))
        rows = f"SELECT r.*, p.part FROM ({self._statement('readings')}) AS r JOIN parts AS p ON p.car = r.car"  # noqa: S608  # our own names
        with self._understood():
            self._duckdb.execute(
                f"COPY ({rows}) TO {quoted(folder)} (FORMAT parquet, PARTITION_BY (part), OVERWRITE_OR_IGNORE)"
            )

    def _derive(self, readings: str, gathered: Path | None = None) -> dict[str, pa.Table]:
        try:
            with self._understood():
                self._duckdb.execute(f"CREATE OR REPLACE TEMP TABLE readings {readings}")
                for file in sorted(gathered.glob("*.parquet")) if gathered else ():
                    source = f"read_parquet({quoted(str(file))}, hive_partitioning = false)"
                    self._duckdb.execute(f"INSERT INTO readings FROM {source}")
                for step in STEPS[1:]:
                    self._duckdb.execute(f"CREATE OR REPLACE TEMP TABLE {step} AS {self._statement(step)}")
                return {name: self._duckdb.table(name).to_arrow_table() for name in RESULTS}
        finally:
            for step in STEPS:
                self._duckdb.execute(f"DROP TABLE IF EXISTS {step}")

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What DuckDB fails with, in our terms."""
        try:
            yield
        except duckdb.IOException as error:
            if str(self._scratch) not in str(error):
                raise FileNotFoundError(str(error)) from error
            raise UnavailableError(
                "what does not fit the memory cannot be kept on disk",
                why=str(error).partition("\n")[0],
                fix=f"Make room in {self._scratch.parent}",
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise TooLargeError(
                "deriving trips and charges needs more than its memory",
                why=str(error).partition("\n")[0],
                fix="Raise KAIDO_SERVICES_MEMORY_MB",
            ) from error

    def _statement(self, step: str) -> str:
        return statement(step, self._rules)

    def _make(self, name: str, table: pa.Table) -> None:
        self._duckdb.register("handed", table)
        self._duckdb.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM handed")
        self._duckdb.unregister("handed")


def _samples(inputs: Inputs) -> str:
    """The view of the samples: what may lie in the stretches, with constants that let files skip most of themselves."""
    columns = "vehicle, signal, epoch_us(time) AS time_us, value, text"
    if not inputs.files:
        return (
            "SELECT NULL::VARCHAR AS vehicle, NULL::VARCHAR AS signal, NULL::BIGINT AS time_us, "
            "NULL::DOUBLE AS value, NULL::VARCHAR AS text WHERE false"
        )
    windows = inputs.windows
    low, high = pc.min(windows["low"]).as_py(), pc.max(windows["high"]).as_py()
    first, last = pc.min(windows["vehicle"]).as_py(), pc.max(windows["vehicle"]).as_py()
    conditions = [
        f"signal IN ({', '.join(quoted(path) for path in PATHS)})",
        f"vehicle BETWEEN {quoted(first)} AND {quoted(last)}",
        f"time >= make_timestamptz({low})",
    ]
    if high < FOREVER_US:
        conditions.append(f"time <= make_timestamptz({high})")
    files = ", ".join(quoted(str(path)) for path in inputs.files)
    source = f"read_parquet([{files}], hive_partitioning = false)"
    return f"SELECT {columns} FROM {source} WHERE {' AND '.join(conditions)}"  # noqa: S608  # our names, quoted values


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
