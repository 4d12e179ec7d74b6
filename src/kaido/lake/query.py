"""SQL over the tables of one company, and over nothing else."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kaido.errors import KaidoError, TooLargeError, from_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    from kaido.lake.lake import Lake
    from kaido.lake.schema import Layout
    from kaido.lake.table import Table

ANSWER_BYTES = 512_000_000
GRACE_SECONDS = 3.0
"""How long after its time a query may take to end by itself."""
SQL_CHARACTERS = 100_000
_TYPES = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.float64(): "DOUBLE",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
}


def run(
    lake: Lake,
    sql: str,
    *,
    seconds: float = 60.0,
    memory_mb: int = 2_000,
    limit: int = 1_000_000,
    tables: Mapping[str, pa.Table] | None = None,
    known: Sequence[str] = (),
    threads: int = 2,
) -> pa.Table:
    """The answer to one query, made in a process of its own that can reach only these tables.

    Args:
        lake: whose tables ``signals`` and ``quarantine`` are.
        sql: one SELECT in DuckDB's dialect.
        seconds: how long it may run.
        memory_mb: how much memory it may take.
        limit: the most rows that are answered; more is an error, not a cut.
        tables: further tables by name, for example ``vehicles``.
        known: names that errors speak of beside these: of tables that are handed over when they are mentioned.
        threads: how many it may use.

    Raises:
        InvalidInputError: the SQL is wrong (says where).
        NotFoundError: it names a table that is not there.
        ForbiddenError: it wants more than to read these tables.
        TooLargeError: rows, time or memory beyond the bounds.
    """
    if len(sql) > SQL_CHARACTERS:
        raise TooLargeError(f"the SQL has {len(sql)} characters", why=f"at most {SQL_CHARACTERS} are taken")
    handed = dict(tables or {})
    asked = question(lake, sql, seconds=seconds, memory_mb=memory_mb, threads=threads, limit=limit)
    asked["handed"] = list(handed)
    asked["names"] = sorted({*asked["tables"], *handed, *known})
    frames = [json.dumps(asked).encode() + b"\n", *(_frame(rows) for rows in handed.values())]
    answer = io.BytesIO(_ask(b"".join(frames), seconds + GRACE_SECONDS, memory_mb))
    head = json.loads(answer.readline())
    if "problem" in head:
        raise from_problem(head["problem"])
    return pa.ipc.open_stream(answer).read_all()


def question(lake: Lake, sql: str, *, seconds: float, memory_mb: int, threads: int, limit: int) -> dict[str, Any]:
    """What the sandbox is told."""
    return {
        "sql": sql,
        "tables": {table.layout.name: _described(table) for table in (*lake.tables, *lake.derived.values())},
        "folder": str(lake.folder.absolute()) if lake.folder.is_dir() else "",
        "seconds": seconds,
        "memory_mb": memory_mb,
        "threads": threads,
        "limit": limit,
    }


def _described(table: Table) -> dict[str, object]:
    layout: Layout = table.layout
    return {
        "paths": [str((table.folder / file.path).absolute()) for file in table.files()],
        "columns": {field.name: _TYPES[field.type] for field in layout.delta_schema()},
        "by_day": "true" if layout.partitioned else "false",
    }


def _frame(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return f"{sink.tell()}\n".encode() + sink.getvalue()


def _ask(asked: bytes, seconds: float, memory_mb: int) -> bytes:
    """Run the sandbox; what it wrote."""
    process = subprocess.Popen(  # our own module; the SQL goes through stdin
        [sys.executable, "-I", "-m", "kaido.lake.sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        cwd="/",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    began = time.monotonic()
    try:
        _feed(process.stdin, asked)
        answer = process.stdout.read(ANSWER_BYTES + 1)
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
        process.wait()
    if len(answer) > ANSWER_BYTES:
        raise TooLargeError(
            f"the answer is larger than {ANSWER_BYTES // 1_000_000} MB", fix="Aggregate, or select fewer columns"
        )
    if b"\n" not in answer:
        if time.monotonic() - began >= seconds:
            raise TooLargeError(f"the query ran longer than {seconds - GRACE_SECONDS:g} s")
        raise TooLargeError(
            "the query ended without an answer",
            why=f"most likely it needed more than its {memory_mb} MB of memory",
            fix="Narrow it by time or signal, or aggregate earlier",
        )
    return answer


def _feed(pipe: IO[bytes], asked: bytes) -> None:
    try:
        pipe.write(asked)
        pipe.close()
    except BrokenPipeError as error:
        raise KaidoError("the query's process did not start", fix="Try: kaido doctor") from error
