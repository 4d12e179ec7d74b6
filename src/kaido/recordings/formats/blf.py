"""Vector BLF: containers of objects; the CAN objects are gathered into columns a container at a time.

Source: the object layouts as python-can 4 has them (``can.io.blf``). Times are nanoseconds or 10 µs since the start in
the file's header, which is taken as UTC. Channel 1 is ``can0``. Objects of other kinds are not counted.
"""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT, Frames

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from kaido.recordings.account import Account
    from kaido.recordings.source import Source

_FILE_HEADER = struct.Struct("<4sL32x8H")
_OBJECT = struct.Struct("<4sHHLL")
_SIZE_AND_TYPE = struct.Struct("<LL")
_CONTAINER = 10
_CONTAINER_HEADER = 16
_LARGEST_CONTAINER = 64 << 20
_TIMED_HEADER = 32
_MESSAGE, _MESSAGE_2, _ERROR, _ERROR_EXT, _FD_MESSAGE, _FD_MESSAGE_64 = 1, 86, 2, 73, 100, 101
_SMALLEST = {_MESSAGE: 48, _MESSAGE_2: 48, _ERROR: 36, _ERROR_EXT: 64, _FD_MESSAGE: 116, _FD_MESSAGE_64: 72}
_LENGTH_OF_DLC = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64], np.uint8)
_WIDE = 0x80000000


def read_blf(source: Source, account: Account) -> Iterator[Frames]:
    """The frames of a file. A damaged line is a damaged object, counted among the CAN objects."""
    stream = _Stream(source)
    head = stream.take(_FILE_HEADER.size)
    if len(head) < _FILE_HEADER.size:
        account.damage(1, "the file's header is cut off")
        return
    _, header_size, *start = _FILE_HEADER.unpack(head)
    stream.take(max(min(header_size, 4096) - len(head), 0))
    start_us = _system_time_us(start)
    tail = b""
    while head := stream.take(_OBJECT.size):
        signature, _, _, size, kind = _OBJECT.unpack(head.ljust(_OBJECT.size, b"\0"))
        if signature != b"LOBJ" or size < _OBJECT.size + _CONTAINER_HEADER or size > _LARGEST_CONTAINER:
            account.lines += 1
            account.damage(account.lines, "no container begins where one has to")
            if not stream.seek(b"LOBJ"):
                break
            tail = b""
            continue
        body = stream.take(size - _OBJECT.size)
        stream.take(size % 4)
        if kind != _CONTAINER:
            tail = yield from _objects(head + body, start_us, account)
            continue
        plain, complete = _unpacked(body)
        if len(body) < size - _OBJECT.size or not complete:
            account.lines += 1
            account.damage(account.lines, "a container is cut off or damaged")
        tail = yield from _objects(tail + plain, start_us, account)
    if tail.startswith(b"LOBJ"):
        account.lines += 1
        account.damage(account.lines, "the last object is cut off")
    if source.damage:
        account.damage(account.lines + 1, source.damage)


class _Stream:
    """Bytes in the order of the file."""

    def __init__(self, source: Source) -> None:
        self._chunks = source.chunks()
        self._rest = b""

    def take(self, count: int) -> bytes:
        while len(self._rest) < count:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def seek(self, mark: bytes) -> bool:
        while True:
            at = self._rest.find(mark)
            if at >= 0:
                self._rest = self._rest[at:]
                return True
            chunk = next(self._chunks, b"")
            if not chunk:
                return False
            self._rest = self._rest[-len(mark) :] + chunk


def _unpacked(body: bytes) -> tuple[bytes, bool]:
    method = int.from_bytes(body[:2], "little")
    packed = body[_CONTAINER_HEADER:]
    if method == 0:
        return packed, True
    unzip = zlib.decompressobj()
    plain = bytearray()
    try:
        # In small steps, so that what stands before a damaged place is not lost with it.
        for at in range(0, len(packed), 1024):
            plain += unzip.decompress(packed[at : at + 1024], _LARGEST_CONTAINER - len(plain))
            if unzip.eof or len(plain) >= _LARGEST_CONTAINER:
                break
    except zlib.error:
        return bytes(plain), False
    return bytes(plain), unzip.eof


def _objects(data: bytes, start_us: int, account: Account) -> Generator[Frames, None, bytes]:
    """The frames of the objects; returns the bytes of the object that goes on in the next container."""
    found: dict[int, list[int]] = {kind: [] for kind in _SMALLEST}
    at, size = 0, len(data)
    while True:
        at = data.find(b"LOBJ", at)
        if at < 0 or at + _OBJECT.size > size:
            break
        length, kind = _SIZE_AND_TYPE.unpack_from(data, at + 8)
        if length < _OBJECT.size:
            account.lines += 1
            account.damage(account.lines, "an object of an impossible size")
            at += 4
            continue
        if at + length > size:
            break
        if kind in found:
            found[kind].append(at)
        at += length
    frames = _frames(data, {kind: places for kind, places in found.items() if places}, start_us, account)
    if len(frames):
        yield frames
    return data[at:] if at >= 0 else data[-3:]


def _frames(data: bytes, found: dict[int, list[int]], start_us: int, account: Account) -> Frames:
    raw = np.frombuffer(data + bytes(256), np.uint8)
    parts, places = [], []
    for kind, listed in found.items():
        at = np.array(listed, np.int64)
        header, length = _words(raw, "<u2")[at + 4].astype(np.int64), _words(raw, "<u4")[at + 8]
        whole = (length >= _SMALLEST[kind]) & (header >= _TIMED_HEADER) & (length >= header + _SMALLEST[kind] - 32)
        account.lines += len(at)
        for _ in range(int((~whole).sum())):
            account.damage(account.lines, "a CAN object that is too short")
        if whole.any():
            parts.append(_gathered(raw, kind, at[whole], (at + header)[whole], (at + length)[whole], start_us))
            places.append(at[whole])
    account.frames += sum(map(len, parts))
    order = np.argsort(np.concatenate(places), kind="stable") if len(parts) > 1 else slice(None)
    return Frames.concatenate(parts).take(order)


def _words(raw: NDArray[np.uint8], form: str) -> NDArray[np.unsignedinteger]:
    return np.ndarray((len(raw) - 8,), form, raw, strides=(1,))


def _gathered(
    raw: NDArray[np.uint8],
    kind: int,
    at: NDArray[np.int64],
    body: NDArray[np.int64],
    end: NDArray[np.int64],
    start_us: int,
) -> Frames:
    def field(offset: int, form: str, base: NDArray[np.int64] = body) -> NDArray[np.int64]:
        return _words(raw, form)[base + offset].astype(np.int64)

    ten_us = field(16, "<u4", at) == 1
    ticks = field(24, "<u8", at)
    time_us = start_us + np.where(ten_us, ticks * 10, (ticks + 500) // 1000)
    flags = np.zeros(len(at), np.int64)
    wide_id, place, length = np.zeros(len(at), np.int64), body, np.zeros(len(at), np.int64)
    channel = field(0, "<u2")
    if kind in (_MESSAGE, _MESSAGE_2):
        marks, length = field(2, "<u1"), np.minimum(field(3, "<u1"), 8)
        wide_id, place = field(4, "<u4"), body + 8
        flags = REMOTE * (marks & 0x80 != 0) + SENT * (marks & 1)
    elif kind == _ERROR_EXT:
        length, wide_id, place = np.minimum(field(10, "<u1"), 8), field(16, "<u4"), body + 24
        flags += ERROR
    elif kind == _ERROR:
        flags += ERROR
    elif kind == _FD_MESSAGE:
        marks, fd = field(2, "<u1"), field(13, "<u1")
        length, wide_id, place = np.minimum(field(14, "<u1"), 64), field(4, "<u4"), body + 20
        flags = REMOTE * (marks & 0x80 != 0) + SENT * (marks & 1) + FD * (fd & 1)
    else:
        channel, marks = field(0, "<u1"), field(12, "<u4")
        length, wide_id, place = np.minimum(field(2, "<u1"), 64), field(4, "<u4"), body + 40
        flags = REMOTE * (marks & 0x10 != 0) + FD * (marks & 0x1000 != 0) + SENT * (field(34, "<u1") != 0)
    flags += EXTENDED * (wide_id & _WIDE != 0)
    if kind in (_FD_MESSAGE, _FD_MESSAGE_64):
        remote = flags & REMOTE != 0
        coded = _LENGTH_OF_DLC[np.minimum(field(3 if kind == _FD_MESSAGE else 1, "<u1"), 15)]
        length = np.where(remote, coded, length)
    if kind == _FD_MESSAGE_64:  # what follows the data, if anything does
        extra = field(35, "<u1")
        end = np.where(extra > 0, np.minimum(at + extra, end), end)
    there = np.minimum(length, np.maximum(end - place, 0))
    width = 64 if int(length.max(initial=0)) > 8 else 8  # noqa: PLR2004  # classic CAN
    data = raw[np.minimum(place[:, None] + np.arange(width), len(raw) - 1)]
    data[(np.arange(width) >= there[:, None]) | (flags & REMOTE != 0)[:, None]] = 0
    bus = np.maximum(channel - 1, 0)
    return Frames(
        time_us,
        bus.astype(np.uint16),
        tuple(f"can{number}" for number in range(int(bus.max(initial=0)) + 1)),
        (wide_id & 0x1FFFFFFF).astype(np.uint32),
        flags.astype(np.uint8),
        length.astype(np.uint8),
        data,
    )


def _system_time_us(parts: list[int]) -> int:
    year, month, _, day, hour, minute, second, milli = parts
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return 0
    return int(moment.timestamp()) * 1_000_000 + min(milli, 999) * 1_000
