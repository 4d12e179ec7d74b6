"""Runs statements in the sandbox with one of its walls taken away; a question and an answer in JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import duckdb

from kaido.lake.sandbox import __main__ as sandbox
from kaido.lake.sandbox import confine

MEMORY_BYTES = 3_000_000_000


def main() -> None:
    asked = json.loads(sys.stdin.read())
    if asked["wall"] == "gate":
        connection = sandbox.open_connection(asked["question"], {})
        found = [_run(connection, sql) for sql in asked["statements"]]
    else:
        found = [_run_behind_the_kernels_walls(asked["question"]["folder"], sql) for sql in asked["statements"]]
    sys.stdout.write(json.dumps(found))


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    try:
        return [[str(cell) for cell in row] for row in connection.execute(sql).fetchmany(50)]
    except (duckdb.Error, RuntimeError) as error:
        return str(error)


def _run_behind_the_kernels_walls(folder: str, sql: str) -> Any:
    """In a process of its own: a DuckDB that may do all, but is not let, may well die of it."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        confine.limits(MEMORY_BYTES)
        if confine.landlock([folder]):
            os.write(writable, json.dumps(_run(duckdb.connect(), sql)).encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else "died"


if __name__ == "__main__":
    main()
