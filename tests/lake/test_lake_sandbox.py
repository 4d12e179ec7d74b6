"""Nothing leads out of the SQL sandbox, and each of its walls stands without the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from kaido.errors import ForbiddenError, NotFoundError
from kaido.lake import Lake, query
from kaido.lake.sandbox import gate
from tests.lake.outside import OUTSIDE
from tests.lake.samples import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
SECRET = "a9c1f4"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("sandbox")
    for company in ("acme", "rival"):
        Lake(root, company).append(samples(10), app_id="journal", version=1)
    (root / "secret.csv").write_text(f"secret\n{SECRET}\n")
    return Lake(root, "acme")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


@pytest.mark.parametrize("sql", OUTSIDE)
def test_the_gate_refuses(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(gate.RefusedError):
        gate.check(connection, sql.format(root="/somewhere"), ["quarantine", "signals"])


@pytest.mark.parametrize("sql", ["SELECT * FROM '{root}/secret.csv'", "SELECT * FROM read_text('/etc/passwd')"])
def test_the_whole_refuses(filled: Lake, sql: str) -> None:
    with pytest.raises((ForbiddenError, NotFoundError)):
        query.run(filled, sql.format(root=filled.folder.parent))


def run_without(wall: str, lake: Lake, statements: list[str]) -> list[Any]:
    """What each statement gives in a process without one of the walls."""
    asked = {
        "wall": wall,
        "statements": [sql.format(root=lake.folder.parent) for sql in statements],
        "question": query.question(lake, "", seconds=20, memory_mb=200, threads=1, limit=100),
    }
    done = subprocess.run(
        [sys.executable, str(TESTS / "lake" / "without_wall.py")],
        input=json.dumps(asked).encode(),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        timeout=60,
        check=True,
    )
    found: list[Any] = json.loads(done.stdout)
    assert len(found) == len(statements)
    return found


DEADLY = ("arrow_scan", "pandas_scan", "python_map_function")
"""They take addresses: without the gate they end the process, which is why there is one."""


@pytest.mark.parametrize("wall", ["gate", "duckdb"])
def test_without_one_wall_the_others_hold(filled: Lake, wall: str) -> None:
    root = filled.folder.parent
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    statements = [sql for sql in OUTSIDE if not any(name in sql for name in DEADLY)]
    found = dict(zip(statements, run_without(wall, filled, statements), strict=True))
    shown = json.dumps(found)
    assert SECRET not in shown
    assert "root:" not in shown
    for sql, rows in found.items():
        if "rival" in sql:
            assert not isinstance(rows, list), sql
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_the_company_reads_its_own_files_without_the_gate(filled: Lake) -> None:
    """The walls above are not simply deaf."""
    ((row,), *_) = run_without("gate", filled, ["SELECT count(*) FROM signals"])
    assert row == ["10"]
