"""DuckDB within a bounded memory: for work that may go to disk, and for answers that may not."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from kaido.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Connect = Callable[[], duckdb.DuckDBPyConnection]

READER_MB = 500
"""Of one question over the derived tables."""


def connect(*, memory_mb: int, scratch: Path, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """For work; what does not fit goes to the folder ``scratch``."""
    config: dict[str, Any] = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(scratch),
        "threads": threads,
        "preserve_insertion_order": False,
    }
    return duckdb.connect(config=config)


def reader() -> duckdb.DuckDBPyConnection:
    """For a question; what does not fit raises ``duckdb.OutOfMemoryException``."""
    return duckdb.connect(config={"memory_limit": f"{READER_MB}MB", "temp_directory": ""})


@contextmanager
def asked() -> Iterator[duckdb.DuckDBPyConnection]:
    """A ``reader`` for a question that a person asked.

    Raises:
        TooLargeError: it needs more memory.
    """
    try:
        with reader() as connection:
            yield connection
    except duckdb.OutOfMemoryException as error:
        raise TooLargeError(
            "the answer does not fit the memory of a question",
            why=f"it may take {READER_MB} MB",
            fix="Ask for a shorter time, or for one vehicle",
        ) from error
