"""What the machine itself gives: no part of Kaido can be faster than this."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from kaido.bench.figure import Figure, Runs

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.bench.options import BenchOptions

MEGABYTE = 1_000_000
PIECE = 1 << 20
PAGE = 4096


def run(options: BenchOptions) -> list[Figure]:
    """Memory, loopback and disk, from one Python process."""
    size = options.pick(512, 16) * PIECE
    loopback = [_loopback(size) for _ in range(options.runs)]
    syncs = options.pick(1_000, 20)
    large = options.pick(200, 5)
    small = [_synced(options.folder, PAGE, syncs) for _ in range(options.runs)]
    pieces = [_synced(options.folder, PIECE, large) for _ in range(options.runs)]
    sequential = [_sequential(options.folder, 2 * size) for _ in range(options.runs)]
    return [
        Figure.of("memory copy, one thread", _copies(options, size), "MB/s"),
        Figure.of("loopback TCP, one connection", Runs(tuple(size / MEGABYTE / s for s in loopback)), "MB/s"),
        Figure.of("4 KiB written and fdatasync'ed", Runs(tuple(syncs / s for s in small)), "a second"),
        Figure.of("1 MiB written and fdatasync'ed", Runs(tuple(large * PIECE / MEGABYTE / s for s in pieces)), "MB/s"),
        Figure.of(
            "a long file written, one fsync at its end",
            Runs(tuple(2 * size / MEGABYTE / s for s in sequential)),
            "MB/s",
        ),
    ]


def _copies(options: BenchOptions, size: int) -> Runs:
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)
    return options.repeat(lambda: np.copyto(target, source)).map_to_rate(size / MEGABYTE)


def _loopback(size: int) -> float:
    """Seconds for ``size`` bytes from one thread to another."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        sender = threading.Thread(target=_send, args=(server.getsockname(), size), daemon=True)
        sender.start()
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            buffer, left = bytearray(PIECE), size
            began = time.perf_counter()
            while left:
                left -= connection.recv_into(buffer)
            taken = time.perf_counter() - began
        sender.join(10)
    return taken


def _send(address: tuple[str, int], size: int) -> None:
    piece = bytes(PIECE)
    with socket.create_connection(address, timeout=60) as connection:
        for _ in range(size // PIECE):
            connection.sendall(piece)


def _synced(folder: Path, size: int, count: int) -> float:
    """Seconds for ``count`` writes behind each other, each brought to disk."""
    piece = os.urandom(size)
    with (folder / "synced").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(count):
            file.write(piece)
            os.fdatasync(file.fileno())
        return time.perf_counter() - began


def _sequential(folder: Path, size: int) -> float:
    piece = os.urandom(PIECE)
    with (folder / "long").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(size // PIECE):
            file.write(piece)
        os.fsync(file.fileno())
        return time.perf_counter() - began
