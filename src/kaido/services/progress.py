"""How far the services have come with a lake, and that only one derives at a time."""

from __future__ import annotations

import fcntl
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from kaido.errors import ConflictError
from kaido.runtime import folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = "services.json"


@dataclass(frozen=True)
class Progress:
    """What is derived.

    Attributes:
        version: of the signals, up to which all is; -1 before the first.
        rows: samples of each day then, by ISO date.
        unfinished: vehicle, first and last moment (microseconds) of what was being put into the tables: a crash may
            have come between two of them.
    """

    version: int = -1
    rows: dict[str, int] = field(default_factory=dict)
    unfinished: list[tuple[str, int, int]] = field(default_factory=list)


def load(folder: Path) -> Progress:
    """How far a company's lake is; nothing is derived where the file is not there or cannot be read."""
    try:
        found = json.loads((folder / _NAME).read_text("utf-8"))
        rows = {str(day): int(rows) for day, rows in found["rows"].items()}
        unfinished = [(str(name), int(first), int(last)) for name, first, last in found.get("unfinished", [])]
        return Progress(int(found["version"]), rows, unfinished)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return Progress()


def save(folder: Path, progress: Progress) -> None:
    """Note how far it is."""
    folders.write_atomically(folder / _NAME, json.dumps(asdict(progress)).encode())


@contextmanager
def alone(folder: Path, what: str = "services") -> Iterator[None]:
    """Derive alone in a company's lake.

    Args:
        folder: the company's lake.
        what: is derived; different things may be at once.

    Raises:
        ConflictError: somebody else does.
    """
    folders.make(folder)
    with (folder / f".{what}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                f"trips and charges in {folder} are being derived already", fix="Try again in a minute"
            ) from None
        yield
