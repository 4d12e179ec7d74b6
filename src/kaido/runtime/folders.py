"""Folders and files that must be there, private, and on disk."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path


def make(folder: Path, *, mode: int = 0o777, option: str = "--data") -> Path:
    """Make a folder (and those above it) that this process can write to.

    Args:
        folder: the path; one that is there stays as it is.
        mode: of the folder where it is made, less what the umask takes away.
        option: how a person chooses another one.

    Raises:
        UnavailableError: it cannot be made or written.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"the folder {folder} cannot be made",
            why="a file has that name" if isinstance(error, FileExistsError) else error.strerror or str(error),
            fix=f"Choose another with {option}",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnavailableError(
            f"the folder {folder} cannot be written",
            why="permission denied",
            fix=f"Choose another with {option}",
        )
    return folder


PRIVATE = 0o700
"""The mode of folders that hold what other users of the machine may not read: positions, keys, tokens."""
RESERVE_BYTES = 500_000_000
"""What uploads leave of a disk: on a full one the journal takes nothing more, from any vehicle of any company."""


def leave_room(file: int | Path) -> None:
    """Check that the disk of an open file, or a path, has more left than what has to stay free.

    Raises:
        UnavailableError: it has not.
    """
    disk = os.statvfs(file)
    if disk.f_bavail * disk.f_frsize < RESERVE_BYTES:
        raise UnavailableError(
            "the disk is nearly full",
            why=f"its last {RESERVE_BYTES // 1_000_000} MB are for the vehicles' data",
            fix="Free some, or give the platform a larger one; then try again",
        )


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries (new, renamed files) to disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file as a whole: readers see the old content or the new, after a power cut too."""
    make(path.parent)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
