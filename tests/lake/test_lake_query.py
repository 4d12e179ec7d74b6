"""The SQL sandbox: what it answers, how it errs, and that nothing leads out of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from kaido import flow
from kaido.errors import (
    InvalidInputError,
    KaidoError,
    NotFoundError,
    TooLargeError,
)
from kaido.lake import Lake, query
from tests.lake.samples import NOON, quarantined, samples

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("sandbox")
    lake = Lake(root, "acme")
    lake.append(samples(3000, step=timedelta(minutes=1)), app_id="journal", version=1)
    lake.quarantine(quarantined(["q1"]), app_id="journal", version=1)
    rival = Lake(root, "rival")
    rival.append(samples(10), app_id="journal", version=1)
    (root / "secret.csv").write_text("secret\n42\n")
    return lake


def ask(lake: Lake, sql: str, **how: object) -> pa.Table:
    return query.run(lake, sql, **({"seconds": 20.0} | how))  # type: ignore[arg-type]  # a shorthand


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT count(*) AS n FROM signals", [{"n": 3000}]),
        ("FROM quarantine SELECT id, reason;", [{"id": "q1", "reason": "malformed: test"}]),
        ("SHOW TABLES", [{"name": name} for name in sorted(table.name for table in flow.TABLES)]),
        ("SELECT day::VARCHAR AS d FROM signals ORDER BY time LIMIT 1 -- the first", [{"d": "2026-03-14"}]),
        ("WITH x AS (SELECT 1 AS a) SELECT * FROM x, range(2) r(b)", [{"a": 1, "b": 0}, {"a": 1, "b": 1}]),
        ("VALUES (1, 'a')", [{"col0": 1, "col1": "a"}]),
        ("SELECT min(time) AS t FROM Signals", [{"t": NOON}]),
        ("SELECT * FROM handed", [{"id": "car-0"}]),
        ("SELECT 1 AS a, 2 AS a", [{"a": 1, "a_2": 2}]),
        ("SELECT to_json(value) AS j FROM signals ORDER BY value LIMIT 1", [{"j": "0.0"}]),
    ],
)
def test_queries_answer(filled: Lake, sql: str, expected: list[dict[str, object]]) -> None:
    assert ask(filled, sql, tables={"handed": pa.table({"id": ["car-0"]})} if "handed" in sql else {}).to_pylist() == (
        expected
    )


def test_an_empty_lake_has_its_tables(tmp_path: Path) -> None:
    assert ask(Lake(tmp_path, "new"), "SELECT * FROM signals").column_names[-1] == "day"


@pytest.mark.parametrize(
    ("sql", "error", "message"),
    [
        ("SELEC 1", InvalidInputError, "line 1, column 1: syntax error"),
        ("SELECT 1,\n  vehicl FROM signals", InvalidInputError, 'line 2, column 3: .*"vehicl".*"vehicle"'),
        ("SELECT foo(1)", InvalidInputError, "line 1, column 8: .*foo"),
        ("SELECT CAST('é' AS INT)", InvalidInputError, "column 8: Could not convert"),
        ("SELECT * FROM signal", NotFoundError, "no table 'signal'. Did you mean signals"),
        ("SELECT * FROM rival.signals", NotFoundError, "no table 'rival.signals'"),
        ("", InvalidInputError, "no statement"),
        ("-- only a comment", InvalidInputError, "no statement"),
        ("SELECT 1; SELECT 2", InvalidInputError, "2 statements"),
        ("SELECT $1", InvalidInputError, "cannot be run"),
        ("SELECT * FROM signals WHERE", InvalidInputError, "syntax error"),
        ("SELECT error('mine')", InvalidInputError, "mine"),
        ("\x00", InvalidInputError, "cannot be run|no statement"),
    ],
)
def test_errors_say_what_and_where(filled: Lake, sql: str, error: type[KaidoError], message: str) -> None:
    with pytest.raises(error, match=message) as found:
        ask(filled, sql)
    assert str(filled.folder) not in str(found.value)


def test_rows_beyond_the_limit_are_an_error_not_a_cut(filled: Lake) -> None:
    assert ask(filled, "SELECT * FROM signals", limit=3000).num_rows == 3000
    with pytest.raises(TooLargeError, match="more than 2999 rows"):
        ask(filled, "SELECT * FROM signals", limit=2999)


def test_a_query_without_end_is_ended(filled: Lake) -> None:
    with pytest.raises(TooLargeError, match=r"longer than 0\.5 s"):
        ask(filled, "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b", seconds=0.5)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(a.range) FROM range(100000000) a",
        "SELECT string_agg(repeat('x', 1000000), '') FROM range(1000)",
        "SELECT a.range AS x FROM range(50000000) a ORDER BY hash(x) LIMIT 40000000",
    ],
)
def test_a_hungry_query_starves_alone(filled: Lake, sql: str) -> None:
    with pytest.raises((TooLargeError, InvalidInputError)):
        ask(filled, sql, memory_mb=64, limit=100_000_000)
    assert ask(filled, "SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_very_long_sql_is_refused(filled: Lake) -> None:
    with pytest.raises(TooLargeError, match="characters"):
        ask(filled, "SELECT " + "1+" * 100_000 + "1")


def test_deep_nesting_is_an_error(filled: Lake) -> None:
    with pytest.raises(KaidoError):
        ask(filled, "SELECT " + "(" * 20_000 + "1" + ")" * 20_000)
