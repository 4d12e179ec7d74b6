"""One ingest a slice of a company: two would read the same journal and write every sample twice."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError
from kaido.runtime import folders
from kaido.twin.slices import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kaido.twin.slices import Slice


class HeldError(UnavailableError):
    """Another process, or another slice's worker, holds what is wanted; it may be given back any moment."""


@contextmanager
def only_one(folder: Path, company: str, part: Slice = WHOLE) -> Iterator[None]:
    """Hold the locks of a slice in ``folder``; the kernel gives them back when this process ends, however it ends.

    The whole company excludes every slice of it, however it is divided.

    Raises:
        HeldError: another process holds one of them.
    """
    path = folders.make(folder) / f"{company}.lock"
    if part == WHOLE:
        with _locked(path, fcntl.LOCK_EX, company):
            yield
    else:
        own = path.with_name(f"{company}{part.suffix}.lock")
        with _locked(path, fcntl.LOCK_SH, company), _locked(own, fcntl.LOCK_EX, company):
            yield


@contextmanager
def _locked(path: Path, how: int, company: str) -> Iterator[None]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError(
                f"another ingest works on company {company}",
                why=f"it holds {path}",
                fix="It takes over when that one ends; kaido status shows who runs",
            ) from error
        yield
