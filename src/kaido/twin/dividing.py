"""From a whole twin on disk to its slices and back, when the number of partitions changes.

A file beside the snapshots says how many slices are in force; it is replaced when the new ones are all on disk. So a
crash in the middle leaves the old ones in force. Nobody may work on the company meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.flow_names import partition_of_stream
from kaido.runtime import folders
from kaido.twin import snapshot
from kaido.twin.columns import TIME, Twin
from kaido.twin.recovery import recover
from kaido.twin.slices import slices
from kaido.twin.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from kaido.runtime.settings import Settings
    from kaido.twin.slices import Slice


def in_force(settings: Settings, company: str) -> int:
    """How many slices the company's twin is in."""
    try:
        return int(_marker(settings, company).read_text())
    except (FileNotFoundError, ValueError):
        return 1


def whole(settings: Settings, company: str) -> Snapshot:
    """The company's twin, its slices joined.

    Raises:
        UnavailableError: a snapshot is missing and the lake cannot be read.
    """
    parts = [recover(settings, company, part) for part in slices(in_force(settings, company))]
    return parts[0] if len(parts) == 1 else _joined(parts)


def divide(settings: Settings, company: str, found: Snapshot, of: int) -> None:
    """Save a whole twin as so many slices.

    Raises:
        OSError: the disk is full or the folder cannot be written; what was there stays in force.
    """
    before = slices(in_force(settings, company))
    for part in slices(of):
        snapshot.save(snapshot.path(settings, company, part), snapshot.encode(_cut(found, part)))
    folders.write_atomically(_marker(settings, company), str(of).encode())
    for old in set(before) - set(slices(of)):
        snapshot.path(settings, company, old).unlink(missing_ok=True)


def _marker(settings: Settings, company: str) -> Path:
    return settings.data / "twin" / f"{company}.slices"


def _joined(parts: list[Snapshot]) -> Snapshot:
    """One twin of several. Of a vehicle that is in two of them, the newest values and the rings of the later one."""
    joined = Snapshot(Twin())
    rings: dict[str, list[int]] = {}
    for part in parts:
        names = part.twin.vehicles.names
        _pour(part.twin, joined.twin, np.arange(len(names)))
        rings |= {name: ring for name, ring in zip(names, part.recent.to_pylist(), strict=False) if ring}
        joined.positions |= part.positions
        joined.replayed += [row for row in part.replayed if row not in joined.replayed]
    joined.recent = _rings(rings.get(name, []) for name in joined.twin.vehicles.names)
    return joined


def _cut(found: Snapshot, part: Slice) -> Snapshot:
    """The slice of a whole twin: its vehicles, and the positions in its streams."""
    numbers = np.array([n for n, name in enumerate(found.twin.vehicles.names) if part.holds(name)], np.int64)
    positions = {stream: at for stream, at in found.positions.items() if part.reads(partition_of_stream(stream))}
    cut = Snapshot(Twin(), positions, replayed=list(found.replayed))
    _pour(found.twin, cut.twin, numbers)
    rings = dict(zip(found.twin.vehicles.names, found.recent.to_pylist(), strict=False))
    cut.recent = _rings(rings.get(name, []) for name in cut.twin.vehicles.names)
    return cut


def _rings(rings: Iterable[list[int]]) -> pa.ListArray:
    return pa.array(list(rings), pa.list_(pa.uint64()))


def _pour(source: Twin, target: Twin, vehicles: npt.NDArray[np.int64]) -> None:
    """Fold what a twin knows of some vehicles into another."""
    names = [source.vehicles.names[number] for number in vehicles.tolist()]
    seen = target.add_vehicles(names)
    place, signal = np.nonzero(source.arrivals[: len(source.signals), vehicles].T)
    cells = signal, vehicles[place]
    texts = np.full(len(place), None, object)
    for number, column in source.texts.items():
        here = np.flatnonzero(signal == number)
        texts[here] = column.take(cells[1][here])
    samples = pa.table(
        {
            "vehicle": pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), pa.array(names, pa.string())),
            "signal": pa.DictionaryArray.from_arrays(
                pa.array(signal.astype(np.int32)), pa.array(source.signals.names, pa.string())
            ),
            "time": pa.array(source.times[cells]).cast(TIME),
            "value": source.values[cells],
            "text": pa.array(texts, pa.string()),
        }
    )
    if len(samples):
        target.fold(samples, source.arrivals[cells])
    target.last_seen[seen] = np.maximum(target.last_seen[seen], source.last_seen[vehicles])
