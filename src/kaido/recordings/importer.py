"""Whole recordings straight into the lake: decoded a chunk at a time, each chunk one transaction.

The chunks of a recording are the same each time it is read, and each is appended under its number as the application
transaction of an id made from content, vehicle and manifest. So an import that was killed goes on behind its last
chunk, and importing a recording again changes nothing, whatever its file is called and whether it is gzipped.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import xxhash

from kaido.can.decode import Decoder
from kaido.recordings.errors import NotARecordingError
from kaido.recordings.recording import open_recording
from kaido.recordings.result import ImportResult, Progress
from kaido.recordings.samples import Latest, sample_table
from kaido.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from kaido.can.decode import Accounting
    from kaido.can.frames import Frames
    from kaido.catalog import DecoderManifest
    from kaido.lake import Lake
    from kaido.recordings.recording import Recording

CHUNK_FRAMES = 200_000
CHUNK_SAMPLES = 4_000_000
"""What a transaction holds at most. Never to be changed: an import begun with others would not find its place."""


def import_recording(
    path: Path,
    manifest: DecoderManifest,
    lake: Lake,
    vehicle: str,
    *,
    start: datetime | None = None,
    kind: str | None = None,
    name: str = "",
    progress: Callable[[Progress], None] = lambda _: None,
) -> ImportResult:
    """Decode a recording into the lake.

    Args:
        path: the file, plain or gzipped.
        manifest: what the bits mean.
        lake: the company's tables.
        vehicle: whose samples they are.
        start: the time of the first frame, for recordings whose clock did not know it.
        kind: a key of ``kaido.recordings.KINDS``; without it the content tells.
        name: what the file is called, if not by its path.
        progress: told after each chunk. What it raises ends the import; the same call again goes on from there.

    Raises:
        NotARecordingError: the file is of another kind, or not one frame of it can be read as the given kind.
        UnavailableError: the lake cannot be written, or a package is missing.
    """
    began = time.monotonic()
    recording = open_recording(path, kind=kind, chunk_frames=_chunk_frames(manifest), start=start, name=name)
    app_id = application_id(path, manifest, vehicle, start)
    result = ImportResult(name or path.name, recording.kind, vehicle, manifest.sync_id)
    decoder, latest = Decoder(manifest.signals), Latest(vehicle)
    paths = [signal.path for signal in manifest.signals]
    done = lake.transaction_version(app_id)
    with _Appender(lake, app_id) as appender:
        for number, frames in enumerate(recording):
            decoded = decoder.decode(frames)
            latest.add(decoded.columns())
            result.samples += len(decoded)
            _span(result, frames)
            if len(decoded) and (done is None or number > done):
                appender.append(sample_table(vehicle, paths, decoded.rows()), number)
            result.frames += len(frames)
            progress(Progress(recording.position_bytes, recording.size_bytes, result.frames, result.samples))
    if not result.frames and recording.damaged:
        number, reason = recording.damaged[0]
        raise NotARecordingError.of(result.file, f"it holds no frame of kind {recording.kind}; line {number}: {reason}")
    result.samples_written = appender.written
    _account(result, recording, manifest, decoder.accounting)
    result.latest = latest.table()
    result.seconds = time.monotonic() - began
    return result


def application_id(path: Path, manifest: DecoderManifest, vehicle: str, start: datetime | None) -> str:
    """The id of an import's transactions: the same content, vehicle, manifest and start give the same."""
    digest = xxhash.xxh3_128()
    for chunk in Source(path).chunks():
        digest.update(chunk)
    shift = f":{round(start.timestamp() * 1e6)}" if start else ""
    return f"import:{digest.hexdigest()}:{vehicle}:{manifest.sync_id}{shift}"


def _chunk_frames(manifest: DecoderManifest) -> int:
    """Frames a chunk, fewer where a message has so many signals that their samples would fill the memory."""
    signals = Counter((signal.message_id, signal.extended) for signal in manifest.signals)
    return min(CHUNK_FRAMES, CHUNK_SAMPLES // max(signals.values(), default=1))


class _Appender:
    """Appends a chunk while the next one is read and decoded; never more than one waits."""

    def __init__(self, lake: Lake, app_id: str) -> None:
        self._lake = lake
        self._app_id = app_id
        self._pool = ThreadPoolExecutor(1, "kaido-import")
        self._pending: Future[bool] | None = None
        self._rows = 0
        self.written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._settle()
        finally:
            self._pool.shutdown()

    def append(self, samples: pa.Table, version: int) -> None:
        self._settle()
        self._rows = len(samples)
        self._pending = self._pool.submit(self._lake.append, samples, app_id=self._app_id, version=version)

    def _settle(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None and pending.result():
            self.written += self._rows


def _span(result: ImportResult, frames: Frames) -> None:
    low, high = int(frames.time_us.min()), int(frames.time_us.max())
    result.first_us = low if result.first_us is None else min(low, result.first_us)
    result.last_us = high if result.last_us is None else max(high, result.last_us)


def _account(result: ImportResult, recording: Recording, manifest: DecoderManifest, accounting: Accounting) -> None:
    account = recording.account
    result.lines, result.other, result.untimed = account.lines, account.other, account.untimed
    result.damaged, result.damaged_lines = account.damaged_count, account.damaged
    result.notes = account.notes
    result.decoded, result.too_short = accounting.decoded, accounting.too_short
    result.remote, result.error = accounting.remote, accounting.error
    result.unknown = accounting.unknown_frames
    result.unknown_identifiers = {str(identifier): count for identifier, count in accounting.unknown.items()}
    if result.frames and not result.decoded + result.too_short:
        result.notes.append(_nothing_known(manifest, accounting))


def _nothing_known(manifest: DecoderManifest, accounting: Accounting) -> str:
    text = "not one frame has an identifier of the manifest"
    buses = {signal.interface for signal in manifest.signals}
    seen = {identifier.channel for identifier in accounting.unknown}
    if seen and not buses & (seen | {""}):
        return f"{text}, whose signals are on {', '.join(sorted(buses))} and the frames on {', '.join(sorted(seen))}"
    return f"{text}: is it the right CAN database?"
