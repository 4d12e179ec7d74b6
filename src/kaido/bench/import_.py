"""A text log of a bus to the committed lake, beside python-can and cantools writing the same lake."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import can
import cantools
import pyarrow as pa

from kaido.bench.bus import Bus, write_candump
from kaido.bench.figure import Figure, Runs
from kaido.errors import KaidoError
from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import Lake
from kaido.recordings.importer import import_recording

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.bench.options import BenchOptions
    from kaido.catalog import DecoderManifest

SIGNALS = 4.5
"""Wanted a message, of which the made-up bus makes 4.8: about as many as a real (Toyota's) frame has."""
FLOOR = 500_000.0
PEER_CHUNK = 20_000


class OtherRowsError(KaidoError):
    """The peer wrote other rows: its rate means nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Import a log of 60 identifiers, each time into a new lake."""
    bus = Bus(signals=SIGNALS)
    count, slice_count = options.pick(2_000_000, 60_000), options.pick(60_000, 3_000)
    options.say(f"writing a log of {count:,} frames")
    log, short = options.folder / "drive.log", options.folder / "slice.log"
    frames = bus.frames(count)
    write_candump(frames, log)
    write_candump(frames.take(slice(0, slice_count)), short)
    manifest = bus.manifest()
    options.remark(
        f"{count:,} frames of 60 identifiers, {bus.signals_per_frame:.1f} values a frame, "
        f"{log.stat().st_size / 1e6:.0f} MB of text"
    )
    _check(options, bus, manifest, short)
    taken, theirs = [], []
    for number in range(options.runs):
        taken.append(_import(options, manifest, log, number))
        theirs.append(_peer(options.folder / f"peer-{number}", bus, short))
    with options.profiled("import"):
        _import(options, manifest, log, options.runs)
    rates, peer = Runs(tuple(count / s for s in taken)), Runs(tuple(slice_count / s for s in theirs))
    values = Runs(tuple(bus.signals_per_frame * rate for rate in rates.values))
    return [
        Figure.of("import", rates, "frames/s", bound=FLOOR, peer="python-can + cantools", peer_value=peer.median),
        Figure.of("import, values", values, "values/s"),
    ]


def _import(options: BenchOptions, manifest: DecoderManifest, log: Path, number: int) -> float:
    lake = Lake(options.folder / f"lake-{number}", "bench")
    began = time.perf_counter()
    import_recording(log, manifest, lake, "car")
    return time.perf_counter() - began


def _check(options: BenchOptions, bus: Bus, manifest: DecoderManifest, log: Path) -> None:
    ours = Lake(options.folder / "check", "bench")
    import_recording(log, manifest, ours, "car")
    folder = options.folder / "check-peer"
    _peer(folder, bus, log)
    theirs = Lake(folder, "bench")
    if not ours.signals("*", "*").equals(theirs.signals("*", "*")):
        raise OtherRowsError("python-can and cantools write other rows than Kaido")


def _peer(folder: Path, bus: Bus, log: Path) -> float:
    """Seconds of the usual loop: python-can reads, cantools decodes, the rows go to the same kind of lake."""
    database: Any = cantools.database.load_string(bus.dbc, "dbc")
    names = {message.frame_id: message.name for message in database.messages}
    lake = Lake(folder, "bench")
    rows: list[tuple[str, int, float]] = []
    began, version = time.perf_counter(), 0
    with can.CanutilsLogReader(log) as reader:
        for number, message in enumerate(reader, 1):
            time_us, name = round(message.timestamp * 1e6), names[message.arbitration_id]
            decoded = database.decode_message(message.arbitration_id, message.data, decode_choices=False)
            rows += [(f"Bench.{name}.{signal}", time_us, value) for signal, value in decoded.items()]
            if number % PEER_CHUNK == 0:
                version += 1
                lake.append(_table(rows), app_id="peer", version=version)
                rows = []
    lake.append(_table(rows), app_id="peer", version=version + 1)
    return time.perf_counter() - began


def _table(rows: list[tuple[str, int, float]]) -> pa.Table:
    count = len(rows)
    columns = [
        pa.repeat("car", count),
        pa.array([path for path, _, _ in rows], pa.string()),
        pa.array([time_us for _, time_us, _ in rows], SAMPLE_SCHEMA.field("time").type),
        pa.array([value for _, _, value in rows], pa.float64()),
        *(pa.nulls(count, field.type) for field in list(SAMPLE_SCHEMA)[4:]),
    ]
    return pa.Table.from_arrays(columns, schema=SAMPLE_SCHEMA)
