"""The binary frames of ``/v1/live/positions``; ``docs/positions.md`` describes them for other programs.

Little-endian: a header, then one array a column, each of as many entries as the header says.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Columns = Mapping[str, npt.NDArray[Any]]

MAGIC = b"KPOS"
VERSION = 1
FULL, DELTA = 1, 2
HEADER = struct.Struct("<4sBBHdIIII")
"""Magic, version, kind, nothing, milliseconds since 1970, tick, tick before, entries, vehicles."""

COLUMNS: dict[str, str] = {
    "longitude_e7": "<i4",
    "latitude_e7": "<i4",
    "position_s": "<u4",
    "seen_s": "<u4",
    "speed_kmh": "<f4",
    "charge_percent": "<f4",
    "status": "u1",
}
"""What is known of each vehicle, in the order of the frame; its index (u32) goes before."""
INDEX = "<u4"
ENTRY_BYTES = sum(np.dtype(kind).itemsize for kind in (INDEX, *COLUMNS.values()))


@dataclass(frozen=True)
class Frame:
    """A frame that was read.

    Attributes:
        full: whether it holds all vehicles, else what changed since the tick ``base``.
        moment_ms: when the twin was asked, milliseconds since 1970.
        vehicles: how many there are in all.
        index: which vehicles, places in the list of ids.
        columns: by the names of ``COLUMNS``.
    """

    full: bool
    moment_ms: float
    tick: int
    base: int
    vehicles: int
    index: npt.NDArray[np.uint32]
    columns: dict[str, npt.NDArray[Any]]


def encode(
    columns: Columns, index: npt.NDArray[np.integer[Any]], *, kind: int, moment_ms: float, tick: int, base: int
) -> bytes:
    """The frame of some vehicles.

    Args:
        columns: of all vehicles, by the names of ``COLUMNS``.
        index: which of them, ascending.
        kind: ``FULL`` or ``DELTA``.
        moment_ms: when the twin was asked, milliseconds since 1970.
        tick: its number, from 1; it goes on from 2^32 - 1 with 1.
        base: the tick that a delta builds on; 0 in a full frame.
    """
    head = HEADER.pack(MAGIC, VERSION, kind, 0, moment_ms, tick, base, len(index), len(columns["status"]))
    parts = [columns[name][index].astype(dtype, copy=False).tobytes() for name, dtype in COLUMNS.items()]
    return b"".join([head, index.astype(INDEX).tobytes(), *parts])


def decode(data: bytes) -> Frame:
    """Read a frame.

    Raises:
        InvalidInputError: it is none, or is damaged.
    """
    if len(data) < HEADER.size or data[:4] != MAGIC:
        raise InvalidInputError("this is no frame of positions", why=f"it begins with {data[:4]!r}")
    _, version, kind, _, moment_ms, tick, base, count, vehicles = HEADER.unpack_from(data)
    if version != VERSION or kind not in {FULL, DELTA}:
        raise InvalidInputError("a frame of positions that is not known", why=f"version {version}, kind {kind}")
    if len(data) != HEADER.size + count * ENTRY_BYTES:
        raise InvalidInputError("a damaged frame of positions", why=f"{len(data)} bytes for {count} vehicles")
    at, arrays = HEADER.size, {}
    for name, dtype in {"index": INDEX, **COLUMNS}.items():
        arrays[name] = np.frombuffer(data, dtype, count, at)
        at += arrays[name].nbytes
    index = arrays.pop("index")
    if count and int(index.max()) >= vehicles:
        raise InvalidInputError("a damaged frame of positions", why=f"vehicle {index.max()} of {vehicles}")
    return Frame(kind == FULL, moment_ms, tick, base, vehicles, index, arrays)
