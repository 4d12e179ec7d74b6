"""The twin on disk: one Arrow file a company, replaced as a whole, with the journal positions it is the fold of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kaido.errors import KaidoError
from kaido.runtime import folders
from kaido.twin.columns import TIME, Twin
from kaido.twin.slices import WHOLE

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.runtime.settings import Settings
    from kaido.twin.slices import Slice

FORMAT = 1
_META = b"kaido"
_SCHEMA = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("last_seen", TIME, nullable=False),
        pa.field("signal", pa.list_(pa.int32())),
        pa.field("time", pa.list_(pa.int64())),
        pa.field("value", pa.list_(pa.float64())),
        pa.field("text", pa.list_(pa.string())),
        pa.field("arrival", pa.list_(pa.int64())),
        pa.field("recent", pa.list_(pa.uint64())),
    ]
)


class DamagedSnapshotError(KaidoError):
    """The file is no snapshot that we can read. The twin is rebuilt from the lake and the journal."""


@dataclass(frozen=True)
class Position:
    """How far a journal stream is folded in: up to and including ``seq`` of the stream made at ``created``."""

    created: str
    seq: int


@dataclass
class Snapshot:
    """A twin, and what else is the fold of the journal up to some positions.

    Attributes:
        twin: the last values.
        positions: by stream.
        recent: for each vehicle the hashes of its recent payloads, oldest first.
        replayed: hashes of the rows of quarantine that were replayed lately, oldest first.
    """

    twin: Twin
    positions: dict[str, Position] = field(default_factory=dict)
    recent: pa.ListArray = field(default_factory=lambda: pa.array([], pa.list_(pa.uint64())))
    replayed: list[int] = field(default_factory=list)


def path(settings: Settings, company: str, part: Slice = WHOLE) -> Path:
    """The file of the snapshot of a company's twin, or of a slice of it."""
    return settings.data / "twin" / f"{company}{part.suffix}.arrow"


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as the content of its file: a row a vehicle, a list entry a value."""
    twin = snapshot.twin
    with twin.lock:
        count = len(twin.vehicles)
        used = twin.arrivals[: len(twin.signals), :count]
        vehicle, signal = np.nonzero(used.T)
        offsets = pa.array(np.concatenate([[0], np.cumsum(np.bincount(vehicle, minlength=count))]), pa.int32())
        texts = np.full(len(vehicle), None, object)
        for number, column in twin.texts.items():
            here = np.flatnonzero(signal == number)
            texts[here] = column.take(vehicle[here])
        flat = (
            pa.array(signal.astype(np.int32)),
            pa.array(twin.times[signal, vehicle]),
            pa.array(twin.values[signal, vehicle]),
            pa.array(texts, pa.string()),
            pa.array(twin.arrivals[signal, vehicle]),
        )
        recent = pa.concat_arrays([snapshot.recent, pa.array([[]] * (count - len(snapshot.recent)), _SCHEMA[-1].type)])
        columns = [
            pa.array(twin.vehicles.names, pa.string()),
            pa.array(twin.last_seen[:count]).cast(TIME),
            *(pa.ListArray.from_arrays(offsets, values) for values in flat),
            recent,
        ]
        meta = {
            "format": FORMAT,
            "signals": list(twin.signals.names),
            "positions": {stream: [p.created, p.seq] for stream, p in snapshot.positions.items()},
            "replayed": snapshot.replayed,
        }
    schema = _SCHEMA.with_metadata({_META: json.dumps(meta).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))
    return bytes(memoryview(sink.getvalue()))


def save(file: Path, content: bytes) -> None:
    """Replace the file, on disk when this returns.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old file stays.
    """
    folders.write_atomically(file, content)


def load(file: Path) -> Snapshot | None:
    """The snapshot of a file; None where there is no file.

    Raises:
        DamagedSnapshotError: the file is damaged, or of another version of Kaido.
    """
    try:
        with file.open("rb") as handle, pa.ipc.open_file(handle) as reader:
            meta = json.loads((reader.schema.metadata or {})[_META])
            if meta["format"] != FORMAT:
                raise DamagedSnapshotError(f"the snapshot {file}", why=f"format {meta['format']} is not known")
            if not reader.schema.equals(_SCHEMA):
                raise DamagedSnapshotError(f"the snapshot {file}", why="its columns are others")
            table = reader.read_all()
            table.validate(full=True)
        return _restore(table, meta)
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise DamagedSnapshotError(f"the snapshot {file}", why=str(error).split("\n", 1)[0]) from error


def _restore(table: pa.Table, meta: dict[str, Any]) -> Snapshot:
    twin = Twin()
    vehicles = twin.add_vehicles(table["vehicle"].to_pylist())
    twin.last_seen[vehicles] = table["last_seen"].cast(pa.int64()).to_numpy()
    lists = {name: table[name].combine_chunks() for name in ("signal", "time", "value", "text", "arrival")}
    flat = {name: column.flatten() for name, column in lists.items()}
    counts = np.diff(lists["signal"].offsets.to_numpy())
    if len({len(values) for values in flat.values()}) > 1:
        raise ValueError("its lists differ in length")
    rows = np.repeat(vehicles, counts)
    names = pa.DictionaryArray.from_arrays(flat["signal"], pa.array(meta["signals"], pa.string()))
    ids = pa.DictionaryArray.from_arrays(pa.array(rows, pa.int32()), pa.array(twin.vehicles.names, pa.string()))
    samples = pa.table(
        [ids, names, flat["time"].cast(TIME), flat["value"], flat["text"]],
        names=["vehicle", "signal", "time", "value", "text"],
    )
    seen = twin.last_seen.copy()
    if len(samples):
        twin.fold(samples, flat["arrival"].to_numpy())
    twin.last_seen[: len(seen)] = seen
    positions = {stream: Position(str(created), int(seq)) for stream, (created, seq) in meta["positions"].items()}
    recent = table["recent"].combine_chunks()
    return Snapshot(twin, positions, recent, [int(one) for one in meta.get("replayed", [])])
