"""A database as Kaido makes it, made once in this process: migrating an empty one for every test takes too long."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from kaido.runtime import folders
from kaido.store import Store


def migrated(file: Path) -> str:
    """Put a database without records at a place where there is none; its URL."""
    folders.make(file.parent, mode=folders.PRIVATE)
    if not file.exists():
        file.write_bytes(_content())
    return f"sqlite:///{file}"


@functools.cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kaido.db"
        Store.open(f"sqlite:///{file}").close()
        assert [one.name for one in file.parent.glob("*-wal")] == [], "all of it is in the one file"
        return file.read_bytes()
