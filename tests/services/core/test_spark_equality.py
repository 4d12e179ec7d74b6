"""Spark, a cluster of two workers, gives the rows that DuckDB gives. Heavy: `make spark` runs it."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from kaido.lake import Lake
from kaido.services import new, results
from kaido.services.engine import Engine
from kaido.services.inputs import Inputs
from kaido.services.rules import Rules
from kaido.services.windows import around
from kaido.sim import truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

MASTER = os.environ.get("KAIDO_TEST_SPARK", "")


@pytest.fixture
def session() -> Iterator[Any]:
    if not MASTER:
        pytest.skip("Spark takes a minute; `make spark` installs and runs it")
    pyspark = pytest.importorskip("pyspark.sql", reason="the extra 'spark' is not installed")
    made = (
        pyspark.SparkSession.builder.master(MASTER)
        .appName("kaido")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield made
    made.stop()


def test_both_engines_give_equal_rows(session: Any, tmp_path: Path) -> None:
    from kaido.services.spark import SparkEngine  # noqa: PLC0415  # needs the extra

    cars = [*truth.fleet(4, "bev", seed=5), *truth.fleet(1, "phev", seed=5), *truth.fleet(1, "series", seed=5)]
    lake = Lake(tmp_path, "acme")
    truth.write(cars, lake, truth.START, 2)
    files = [lake.signals_table.folder / file.path for file in lake.signals_table.files()]
    with duckdb.connect() as connection:
        found = around(connection, new.stretches(files), lake.derived["activities"], Rules())
    inputs = Inputs(files, found.windows, found.carried)
    with Engine(memory_mb=1_000, scratch=tmp_path) as engine:
        ours = results.rows(engine.run(inputs), found.windows, found.stored)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = results.rows(SparkEngine(session).run(inputs), found.windows, found.stored)
    assert ours.keys() == theirs.keys()
    for name, table in ours.items():
        assert len(table) > 0
        assert _comparable(theirs[name]) == _comparable(table)


def _comparable(table: pa.Table) -> list[dict[str, Any]]:
    return [
        {
            name: pytest.approx(value, rel=1e-9, abs=1e-6) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in table.to_pylist()
    ]
