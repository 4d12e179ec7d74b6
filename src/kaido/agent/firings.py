"""Dry runs: when a scheme would have triggered over a recorded drive, and what it would have sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.agent.clock import RunningClock
from kaido.agent.collector import collector_of
from kaido.agent.conditions.functions import FUNCTIONS
from kaido.agent.config import MAX_PAYLOAD_BYTES
from kaido.agent.errors import UnusableError
from kaido.agent.samples import Batch, Samples
from kaido.agent.scheme import Skipped, read_schemes
from kaido.agent.vehicle_data import Event, payloads
from kaido.can.decode import Decoder
from kaido.can.frames import Frames
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from kaido.agent.conditions.functions import Function
    from kaido.agent.conditions.watch import Witness
    from kaido.agent.rings import Collected
    from kaido.agent.texts import Texts
    from kaido.catalog.manifest import DecoderManifest

PENDING_SAMPLES = 2_000_000
"""Samples held at most, as by an agent that runs one scheme."""


class Recorded(NamedTuple):
    """N samples of a recording in the order of their times; neighbours with one time came in one frame.

    Attributes:
        time_us: int64, microseconds since the epoch.
        signal_id: uint32, their ids in the manifest; others are left out.
        value: float64, in the signals' units; NaN where ``text`` has the value.
        text: of the signals that are texts.
    """

    time_us: NDArray[np.int64]
    signal_id: NDArray[np.uint32]
    value: NDArray[np.float64]
    text: Texts = None


class Firing(NamedTuple):
    """A trigger.

    Attributes:
        time_ms: when, ms since the epoch.
        samples: what it would have sent; 0 where there was nothing new.
        payloads: in how many messages.
        bytes: of all of them, compressed where the scheme asks for it.
        plain_bytes: uncompressed.
        compressed_bytes: compressed.
    """

    time_ms: int
    samples: int
    payloads: int
    bytes: int
    plain_bytes: int
    compressed_bytes: int


def firings(
    scheme: pb.CollectionScheme,
    manifest: DecoderManifest,
    recording: Iterable[Frames | Recorded],
    *,
    functions: Mapping[str, Function] = FUNCTIONS,
    most: int = PENDING_SAMPLES,
    witness: Witness | None = None,
) -> Iterator[Firing]:
    """What a scheme would have done over a recording, whatever its start and expiry are. Works through it once.

    Args:
        scheme: time- or condition-based, as it goes to vehicles.
        manifest: whose signal ids it names.
        recording: frames or samples, chunk after chunk; a frame is not cut by the end of a chunk.
        functions: the custom functions that conditions may call.
        most: samples held at most.
        witness: is told what a condition sees; each trigger that it is told of becomes one firing.

    Raises:
        UnusableError: an agent would skip the scheme.
    """
    message = pb.CollectionSchemes(collection_schemes=[scheme])
    (read,) = read_schemes(message, manifest.sync_id, frozenset(manifest.ids), functions, texts=manifest.texts)
    if isinstance(read, Skipped):
        raise UnusableError(read.reason, read.why)
    ids = np.array(manifest.ids, np.uint32)
    collector = collector_of(read, manifest.ids, most, witness)
    clock = RunningClock(follows_frames=True)
    reader = _Reader(manifest, collector.collects)

    def fired(found: Collected) -> Firing:
        samples = found.samples
        sample_ms = samples.time_us // 1_000
        event = Event(0, found.time_ms, ids[samples.signal], sample_ms, samples.value, text=samples.text)
        written = list(payloads(event, read.sync_id, read.manifest, compress=read.compress, limit=MAX_PAYLOAD_BYTES))
        size = sum(map(len, written))
        other = sum(map(snappy.uncompressed_length if read.compress else _compressed_length, written))
        plain, compressed = (other, size) if read.compress else (size, other)
        return Firing(found.time_ms, len(event), len(written), size, plain, compressed)

    for chunk in recording:
        time_us, place, value, frame, text = reader.read(chunk)
        for part in clock.parts(time_us, 0):
            if part.ended_us is not None:
                yield from map(fired, collector.flush(part.ended_us))
            told = None if text is None else text[part.rows]
            samples = Samples(part.clock_us, time_us[part.rows], place[part.rows], value[part.rows], told)
            yield from map(fired, collector.add(Batch(samples, frame[part.rows], len(ids))))
        yield from map(fired, collector.advance(clock.us))
    yield from map(fired, collector.flush(clock.us))


def _compressed_length(payload: bytes) -> int:
    return len(snappy.compress(payload))


_Rows = tuple["NDArray[np.int64]", "NDArray[np.intp]", "NDArray[np.float64]", "NDArray[np.intp]", "Texts"]


class _Reader:
    """Chunks as times, places in the manifest, values, frames and texts."""

    def __init__(self, manifest: DecoderManifest, wanted: NDArray[np.bool_]) -> None:
        in_frames = len(manifest.signals)
        self._places = np.flatnonzero(wanted[:in_frames])
        self._decoder = Decoder([manifest.signals[place] for place in self._places.tolist()])
        self._order = np.argsort(np.array(manifest.ids, np.uint32))
        self._ids = np.array(manifest.ids, np.uint32)[self._order]

    def read(self, chunk: Frames | Recorded) -> _Rows:
        if isinstance(chunk, Frames):
            rows = self._decoder.rows(chunk)
            return rows.time_us, self._places[rows.signal_index], rows.value, rows.frame, None
        at = np.minimum(np.searchsorted(self._ids, chunk.signal_id), len(self._ids) - 1)
        known = self._ids[at] == chunk.signal_id
        time_us = chunk.time_us[known]
        frame = np.cumsum(np.diff(time_us, prepend=time_us[:1]) != 0)
        text = None if chunk.text is None else chunk.text[known]
        return time_us, self._order[at[known]], chunk.value[known], frame, text
