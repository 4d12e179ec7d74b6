"""Tiny tiles of the whole world: a picture of one colour, vectors with water in the west, a PMTiles file of either."""

from __future__ import annotations

import struct
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG, MVT = 2, 1
"""Kinds of tiles, as PMTiles numbers them."""
DEEPEST = 2
"""The zoom of the smallest tiles."""
_EXTENT = 4_096
_CORNERS = (-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)


def picture(red: int, green: int, blue: int) -> bytes:
    """A PNG of 256 by 256 pixels of one colour."""
    size = 256
    rows = (b"\0" + bytes((red, green, blue)) * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def vectors() -> bytes:
    """A vector tile of OpenMapTiles' layers: the western half is water, a border crosses it, a place is in the east."""
    half = _EXTENT // 2
    square = [9, 0, 0, 26, *(_zigzag(one) for one in (half, 0, 0, _EXTENT, -half, 0)), 15]
    border = [9, 0, _zigzag(half), 10, _zigzag(_EXTENT), 0]
    place = [9, _zigzag(3 * half // 2), _zigzag(half)]
    named = _field(3, b"name") + _field(4, _field(1, b"Somewhere"))
    return (
        _layer(b"water", 3, square)
        + _layer(b"boundary", 2, border)
        + _layer(b"place", 1, place, tags=(0, 0), more=named)
    )


def archive(tile: bytes, kind: int) -> bytes:
    """A PMTiles archive (version 3) in which every tile is this one."""
    count = sum(4**zoom for zoom in range(DEEPEST + 1))
    directory = b"".join(map(_varint, (1, 0, count, len(tile), 1)))
    metadata = b"{}"
    root, data = 127, 127 + len(directory) + len(metadata)
    places = (root, len(directory), root + len(directory), len(metadata), data, 0, data, len(tile), count, 1, 1)
    plain = 1
    header = b"PMTiles\x03" + struct.pack("<11Q", *places) + bytes((1, plain, plain, kind, 0, DEEPEST))
    return header + struct.pack("<4iB2i", *_CORNERS, 0, 0, 0) + directory + metadata + tile


@contextmanager
def served(tile: bytes) -> Iterator[str]:
    """A host of tiles on loopback, where each is this one; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")  # as hosts of tiles do
            self.send_header("Content-Length", str(len(tile)))
            self.end_headers()
            self.wfile.write(tile)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


def _layer(name: bytes, kind: int, geometry: list[int], tags: tuple[int, ...] = (), more: bytes = b"") -> bytes:
    feature = _field(2, b"".join(map(_varint, tags))) + _number(3, kind) + _field(4, b"".join(map(_varint, geometry)))
    return _field(3, _number(15, 2) + _field(1, name) + _field(2, feature) + more + _number(5, _EXTENT))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found, value = found + bytes((value & 0x7F | 0x80,)), value >> 7
    return found + bytes((value,))


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 63
