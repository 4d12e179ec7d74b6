"""One SQL query: ``python -I -m kaido.lake.sandbox``, a question on stdin, an answer on stdout.

The question: a line of JSON (sql, tables, folder, seconds, memory_mb, threads, limit), then an Arrow stream for
each table that is handed over. The answer: a line of JSON (``{}`` or ``{"problem": …}``), then an Arrow stream.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
from typing import Any

import duckdb
import pyarrow as pa

from kaido.lake.sandbox import confine, gate

BATCH_ROWS = 65_536
HEADROOM_BYTES = 1_500_000_000
"""What the process takes beside DuckDB's own memory: libraries, stacks, Arrow's copy of the answer."""


def main() -> None:
    """Answer the question."""
    question = json.loads(sys.stdin.buffer.readline())
    handed = {name: pa.ipc.open_stream(_framed(sys.stdin.buffer)).read_all() for name in question["handed"]}
    answer = sys.stdout.buffer
    try:
        rows = _run(question, handed)
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        answer.write(b"{}\n")
        answer.write(sink.getbuffer())
    except gate.RefusedError as refused:
        answer.write(json.dumps({"problem": refused.problem}).encode() + b"\n")
    except Exception as error:  # noqa: BLE001  # the last frame of this process: whatever it is becomes the answer
        problem = {"error": "error", "what": "the query failed", "why": f"{type(error).__name__}: {error}", "fix": ""}
        answer.write(json.dumps({"problem": problem}).encode() + b"\n")
    answer.flush()
    os._exit(0)  # nothing to tidy: the answer is out, and DuckDB's threads need no farewell


def _framed(stream: Any) -> io.BytesIO:
    return io.BytesIO(stream.read(int(stream.readline())))


def _run(question: dict[str, Any], handed: dict[str, pa.Table]) -> pa.Table:
    sql, seconds, limit = question["sql"], question["seconds"], question["limit"]
    connection = open_connection(question, handed)
    gate.check(connection, sql, question["names"])
    out_of_time = threading.Event()

    def interrupt() -> None:
        out_of_time.set()
        connection.interrupt()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        return _collect(connection.sql(sql), limit)
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError) as error:
        raise gate.RefusedError(
            "too_large",
            f"the query needs more than its {question['memory_mb']} MB of memory",
            fix="Narrow it by time or signal, or aggregate earlier",
        ) from error
    except duckdb.Error as error:
        if out_of_time.is_set():
            raise gate.RefusedError(
                "too_large", f"the query ran longer than {seconds:g} s", fix="Narrow it by time, vehicle or signal"
            ) from error
        raise gate.syntax_error(sql, _located(connection, sql, error)) from error
    finally:
        timer.cancel()


def open_connection(question: dict[str, Any], handed: dict[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    """A connection that has the tables and can reach nothing else, for good."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    paths: list[str] = []
    for name, table in question["tables"].items():
        columns = ", ".join(f'"{column}"' for column in table["columns"])
        if table["paths"]:
            files = ", ".join(f"'{path.replace(chr(39), chr(39) * 2)}'" for path in table["paths"])
            source = f"read_parquet([{files}], hive_partitioning = {table['by_day']}, hive_types_autocast = true)"
            connection.execute(f'CREATE VIEW "{name}" AS SELECT {columns} FROM {source}')  # noqa: S608  # our names
            paths += table["paths"]
        else:
            types = ", ".join(f'"{column}" {kind}' for column, kind in table["columns"].items())
            connection.execute(f'CREATE TABLE "{name}" ({types})')
    for name, rows in handed.items():
        connection.register("handed", rows)
        connection.execute(f'CREATE TABLE "{name}" AS FROM handed')
        connection.unregister("handed")
    connection.execute("SET allowed_paths = ?", [paths])
    for setting, value in (
        ("allow_community_extensions", "false"),
        ("python_enable_replacements", "false"),
        ("enable_logging", "false"),
        ("temp_directory", "''"),
        ("memory_limit", f"'{question['memory_mb']}MB'"),
        ("threads", str(question["threads"])),
        ("errors_as_json", "true"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ):
        connection.execute(f"SET GLOBAL {setting} = {value}")
    confine.limits(question["memory_mb"] * 1_000_000 + HEADROOM_BYTES)
    confine.landlock([question["folder"]] if question["folder"] else [])
    return connection


def _collect(relation: Any, limit: int) -> pa.Table:
    reader = relation.to_arrow_reader(BATCH_ROWS)
    batches: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        rows += len(batch)
        if rows > limit:
            raise gate.RefusedError(
                "too_large", f"the answer has more than {limit} rows", fix="Aggregate, add LIMIT, or raise the limit"
            )
        batches.append(batch)
    names: list[str] = []
    for name in reader.schema.names:
        names.append(name if name not in names else f"{name}_{names.count(name) + len(names)}")
    return pa.Table.from_batches(batches, reader.schema).rename_columns(names)


def _located(connection: duckdb.DuckDBPyConnection, sql: str, error: duckdb.Error) -> dict[str, Any]:
    """The error as JSON, with its place; one of binding has a place only when it comes from a statement."""
    if found := _json_of(error):
        return found
    try:
        connection.execute(f"EXPLAIN {sql}").fetchall()
    except duckdb.Error as again:
        if found := _json_of(again):
            found["position"] = str(int(found.get("position", len("EXPLAIN "))) - len("EXPLAIN "))
            return found
    return {"error_message": re.sub(r"^[A-Z][\w ]* Error: ", "", str(error))}


def _json_of(error: duckdb.Error) -> dict[str, Any]:
    _, brace, text = str(error).partition("{")
    try:
        return dict(json.loads(brace + text))
    except ValueError:
        return {}


if __name__ == "__main__":
    main()
