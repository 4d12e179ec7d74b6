"""The transformations on this machine: DuckDB, within a bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import duckdb
import pyarrow.compute as pc

from kaido.errors import TooLargeError
from kaido.services.inputs import FOREVER_US, constants
from kaido.services.memory import connect
from kaido.services.rules import Rules
from kaido.services.signals import PATHS
from kaido.services.transform import RESULTS, STEPS, statement

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

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
        """
        self._make("windows", inputs.windows)
        self._make("carried", inputs.carried)
        self._duckdb.execute(f"CREATE OR REPLACE TEMP VIEW samples AS {_samples(inputs)}")
        try:
            for step in STEPS:
                self._duckdb.execute(f"CREATE OR REPLACE TEMP TABLE {step} AS {statement(step, self._rules)}")
            return {name: self._duckdb.table(name).to_arrow_table() for name in RESULTS}
        except duckdb.IOException as error:
            raise FileNotFoundError(str(error)) from error
        except duckdb.OutOfMemoryException as error:
            raise TooLargeError(
                "deriving trips and charges needs more than its memory",
                why=str(error).partition("\n")[0],
                fix="Raise KAIDO_SERVICES_MEMORY_MB",
            ) from error
        finally:
            for step in STEPS:
                self._duckdb.execute(f"DROP TABLE IF EXISTS {step}")

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
