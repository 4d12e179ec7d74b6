"""The bytes of a recording: plain or gzipped, in blocks of whole lines."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from kaido.errors import InvalidInputError, NotFoundError
from kaido.recordings.errors import NotARecordingError
from kaido.runtime import folders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.recordings.account import Account

HEAD_BYTES = 65_536
BLOCK_BYTES = 4 << 20
LONGEST_LINE = 1 << 20
MOST_UNZIPPED = 200
UNZIPPED_FLOOR = 64 << 20
"""Gzip may say a thousand bytes in one. A log says ten to fifty: what unpacks to more than 200 times its size, and to
more than 64 MB, is meant to fill a disk or to keep a processor busy for days."""
BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_GZIP_FORM = 31
"""zlib's name for the gzip form with the largest window."""


class Source:
    """A file that may be gzipped.

    Args:
        path: the file.
        name: what errors call it (an uploaded file has another name than its scratch file).

    Raises:
        NotFoundError: it is not there.
        InvalidInputError: it cannot be read.
        NotARecordingError: it is no file, or empty.
    """

    def __init__(self, path: Path, name: str = "") -> None:
        self.path = path
        self.name = name or str(path)
        self.position_bytes = 0
        self.damage = ""
        if path.exists() and not path.is_file():
            raise NotARecordingError.of(self.name, "it is a folder" if path.is_dir() else "it is no regular file")
        try:
            with path.open("rb") as file:
                self.gzipped = file.read(2) == _GZIP
            self.size_bytes = path.stat().st_size
        except FileNotFoundError:
            raise NotFoundError(f"the recording {self.name} is not there") from None
        except OSError as error:
            raise InvalidInputError(
                f"the recording {self.name} cannot be read", why=error.strerror or str(error)
            ) from error
        if not self.size_bytes:
            raise NotARecordingError.of(self.name, "it is empty")

    def head(self) -> bytes:
        """The first bytes of the (decompressed) content."""
        parts, size = [], 0
        for chunk in self.chunks(HEAD_BYTES):
            parts.append(chunk)
            size += len(chunk)
            if size >= HEAD_BYTES:
                break
        return b"".join(parts)[:HEAD_BYTES]

    def chunks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The (decompressed) content. A gzip stream that ends early gives what is readable and sets ``damage``.

        Raises:
            NotARecordingError: the file can no longer be read.
        """
        self.position_bytes, self.damage = 0, ""
        try:
            with self.path.open("rb") as file:
                yield from self._sensible(self._unzipped(file, size)) if self.gzipped else self._read(file, size)
        except OSError as error:
            raise NotARecordingError.of(self.name, error.strerror or str(error)) from error

    def _read(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        while data := file.read(size):
            self.position_bytes += len(data)
            yield data

    def _sensible(self, unzipped: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for plain in unzipped:
            size += len(plain)
            if size > UNZIPPED_FLOOR and size > MOST_UNZIPPED * self.position_bytes:
                raise NotARecordingError.of(self.name, f"it unpacks to more than {MOST_UNZIPPED} times its size")
            yield plain

    def _unzipped(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        unzip, inside = zlib.decompressobj(_GZIP_FORM), False
        for read in self._read(file, size // 4):
            data = read
            while data:
                if not inside:  # several members may follow each other, and zeros may pad the last one
                    data = data.lstrip(b"\0")
                    inside = bool(data)
                    continue
                try:
                    plain = unzip.decompress(data, size)
                except zlib.error:
                    self.damage = "the gzip stream is damaged from here on"
                    return
                if plain:
                    yield plain
                data = unzip.unconsumed_tail
                if unzip.eof:
                    data, inside, unzip = unzip.unused_data, False, zlib.decompressobj(_GZIP_FORM)
        if inside:
            if rest := unzip.flush():
                yield rest
            if not unzip.eof:
                self.damage = "the gzip stream ends early"

    def blocks(self, account: Account) -> Iterator[bytes]:
        """Blocks of whole lines, each ending in a line feed (the last one is given one), without a byte-order mark.

        A line beyond a megabyte is cut off behind it, so that no file can fill the memory.
        """
        rest, first, cutting = b"", True, False
        for chunk in self.chunks():
            more = chunk
            if cutting:
                end = chunk.find(b"\n")
                more, cutting = (chunk[end:], False) if end >= 0 else (b"", True)
            data = rest + more
            if first:
                data, first = data.removeprefix(BOM), False
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if end:
                yield data[:end]
            if len(rest) > LONGEST_LINE:
                rest, cutting = rest[:LONGEST_LINE], True
        if rest:
            yield rest + b"\n"
        if self.damage:
            account.damage(account.lines + 1, self.damage)

    @contextmanager
    def whole_file(self, account: Account) -> Iterator[Path]:
        """A file that holds the decompressed content: the file itself, or, gzipped, a scratch file."""
        if not self.gzipped:
            yield self.path
            self.position_bytes = self.size_bytes
            return
        with NamedTemporaryFile(prefix="kaido-", suffix=self.path.with_suffix("").suffix) as scratch:
            for chunk in self.chunks():
                folders.leave_room(scratch.fileno())
                scratch.write(chunk)
            scratch.flush()
            if self.damage:
                account.damage(1, self.damage)
            yield Path(scratch.name)
