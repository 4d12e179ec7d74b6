"""The same transformations on Apache Spark, for a fleet that outgrew one machine.

SQLGlot translates their SQL; the session is the caller's, of whatever cluster. The samples are the Parquet files that
the Delta log names, so that no further library has to lie on the cluster's machines.
"""

from __future__ import annotations

import importlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import UnavailableError
from kaido.services.inputs import FOREVER_US, Inputs, constants
from kaido.services.rules import Rules
from kaido.services.signals import PATHS
from kaido.services.transform import RESULTS, STEPS, statement


class SparkEngine:
    """Spark with the transformations' constants; the counterpart of ``engine.Engine``.

    Args:
        session: a ``SparkSession``; its time zone must be UTC.
        rules: what the transformations decide by.
    """

    def __init__(self, session: Any, *, rules: Rules | None = None) -> None:
        self._spark = session
        self._rules = rules or Rules()
        self._sqlglot = _sqlglot()
        for name, table in constants().items():
            self._make(name, table)

    def run(self, inputs: Inputs) -> dict[str, pa.Table]:
        """The results of all steps, by name (``transform.RESULTS``), as ``engine.Engine.run`` gives them."""
        self._make("windows", inputs.windows)
        self._make("carried", inputs.carried)
        self._samples(inputs)
        for step in STEPS:
            rows = self._spark.sql(translated(statement(step, self._rules), self._sqlglot))
            # each step is a table of its own: as one plan they would be too much for Spark's optimizer
            rows.localCheckpoint().createOrReplaceTempView(step)
        return {name: self._spark.table(name).toArrow() for name in RESULTS}

    def _make(self, name: str, table: pa.Table) -> None:
        self._spark.createDataFrame(table).createOrReplaceTempView(name)

    def _samples(self, inputs: Inputs) -> None:
        functions = importlib.import_module("pyspark.sql.functions")
        low, high = pc.min(inputs.windows["low"]).as_py(), pc.max(inputs.windows["high"]).as_py()
        column = functions.col
        rows = self._spark.read.parquet(*(str(path) for path in inputs.files))
        rows = rows.where(column("signal").isin(list(PATHS)))
        rows = rows.where(column("vehicle").isin(inputs.windows["vehicle"].unique().to_pylist()))
        rows = rows.withColumn("time_us", functions.unix_micros(column("time"))).where(column("time_us") >= low)
        if high < FOREVER_US:
            rows = rows.where(column("time_us") <= high)
        rows.select("vehicle", "signal", "time_us", "value", "text").createOrReplaceTempView("samples")


def translated(sql: str, sqlglot: Any | None = None) -> str:
    """A statement of DuckDB's dialect in Spark's.

    Args:
        sql: one statement.
        sqlglot: the module; imported if not given.

    Raises:
        UnavailableError: SQLGlot is not installed.
    """
    (found,) = (sqlglot or _sqlglot()).transpile(sql, read="duckdb", write="spark", comments=False)
    return str(found)


def _sqlglot() -> Any:
    try:
        return importlib.import_module("sqlglot")
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "transformations for Spark need SQLGlot", fix="Install it: pip install 'kaido[spark]'"
        ) from error
