"""From frames to payloads: decode, evaluate the schemes, write the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from kaido.agent.clock import RunningClock
from kaido.agent.collector import collector_of
from kaido.agent.events import EventWriter
from kaido.agent.samples import Batch, Samples
from kaido.can.decode import Accounting, Decoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from kaido.agent.collector import Collector
    from kaido.agent.outbox import Outgoing
    from kaido.agent.readings import Readings
    from kaido.agent.rings import Collected
    from kaido.agent.scheme import Scheme
    from kaido.agent.texts import Texts
    from kaido.agent.vehicle_data import ActiveCodes
    from kaido.can.frames import Frames
    from kaido.catalog.manifest import DecoderManifest
    from kaido.runtime.status import Report


class Beside(Protocol):
    """What looks at samples beside the schemes, and collects none."""

    @property
    def collects(self) -> NDArray[np.bool_]:
        """Which of the manifest's signals it looks at, by their place."""

    def look(self, batch: Batch) -> None:
        """Take samples."""

    def forget(self) -> None:
        """The clock begins anew."""


class Collection:
    """Runs the schemes of one manifest over frames.

    Args:
        topic: where VehicleData goes.
        report: counters of frames, samples, events and overflows.
        recorded: the time is that of the frames alone (a recording), not that of the wall.
        most: samples that all schemes together hold.
    """

    def __init__(self, topic: str, report: Report, *, recorded: bool, most: int) -> None:
        self._report = report
        self._recorded = recorded
        self._most = most
        self._clock = RunningClock(follows_frames=recorded)
        self._manifest: DecoderManifest | None = None
        self._ids = np.empty(0, np.uint32)
        self._running: dict[str, Collector] = {}
        self._beside: tuple[Beside, ...] = ()
        self._decoder: Decoder | None = None
        self._places = np.empty(0, np.intp)
        self._writer = EventWriter(topic, report)
        self._past = Accounting()

    @property
    def accounting(self) -> Accounting:
        """What became of every frame that came while a scheme was active."""
        total = Accounting()
        for part in (self._past, self._decoder.accounting if self._decoder else Accounting()):
            total.add(part)
        return total

    @property
    def active(self) -> int:
        """How many schemes collect."""
        return len(self._running)

    def replace(self, manifest: DecoderManifest | None, schemes: Mapping[str, Scheme], now_ms: int) -> list[Outgoing]:
        """Run these schemes, and no others, from now on. Those that run already just go on.

        Args:
            manifest: whose signals the schemes name.
            schemes: by sync id; of them, those that are active at ``now_ms`` run.
            now_ms: the time by the clock on the wall.

        Returns:
            What the schemes that end had collected.
        """
        active = {key: one for key, one in schemes.items() if one.start_ms <= now_ms < one.expiry_ms}
        kept = self._running if manifest is self._manifest else {}
        if manifest is self._manifest and active.keys() == kept.keys():
            return []
        ended = [one for key, one in self._running.items() if key not in active or key not in kept]
        last = [payload for one in ended for payload in self._flush(one, self._clock.us)]
        if manifest is not self._manifest:
            self._beside = ()  # their signals are those of the other manifest
        self._manifest = manifest
        self._ids = np.array(manifest.ids if manifest else (), np.uint32)
        most = max(1, self._most // max(1, len(active)))
        self._running = {
            key: kept.get(key) or collector_of(scheme, self._ids.tolist(), most) for key, scheme in active.items()
        }
        self._make_decoder()
        self._report.gauge("schemes", len(active))
        return last

    def look_with(self, *beside: Beside) -> None:
        """Let these look at all samples too, and no others; they know the places of the present manifest's signals."""
        self._beside = tuple(one for one in beside if one.collects.any())
        self._make_decoder()

    @property
    def asked_for(self) -> list[int]:
        """The ids of the collected signals that are in no frame."""
        if self._manifest is None:
            return []
        in_frames = len(self._manifest.signals)
        return [int(number) for number in self._ids[in_frames:][self._wanted()[in_frames:]]]

    @property
    def wants_codes(self) -> bool:
        """Whether an active scheme's events carry the trouble codes."""
        return any(one.scheme.include_codes for one in self._running.values())

    @property
    def has_begun(self) -> bool:
        """Whether there is a time to go by; a recording's begins with its first frame."""
        return not self._recorded or self._clock.us > 0

    def timed(self, readings: Readings) -> Readings:
        """Readings by the clock that rules: in a recording they are as old as its newest frame."""
        if not self._recorded:
            return readings
        return readings._replace(time_us=np.full(len(readings.place), self._clock.us))

    def set_codes(self, codes: ActiveCodes) -> None:
        """Take the trouble codes as they were read last."""
        self._writer.codes = codes

    def add(self, frames: Frames, now_us: int) -> Iterator[Outgoing]:
        """Take frames; what comes out is what they trigger."""
        self._report.count("frames_total", len(frames))
        if self._decoder is None or not len(frames):
            return
        rows = self._decoder.rows(frames)
        yield from self._take(rows.time_us, self._places[rows.signal_index], rows.value, None, rows.frame, now_us)
        if self._recorded:
            yield from self.advance(int(frames.time_us[-1]))

    def add_readings(self, readings: Readings, now_us: int) -> Iterator[Outgoing]:
        """Take values that are in no frame, of the present manifest's signals; what comes out is what they trigger."""
        yield from self._take(*readings, np.arange(len(readings.place)), now_us)

    def _take(
        self,
        time_us: NDArray[np.int64],
        places: NDArray[np.intp],
        value: NDArray[np.float64],
        text: Texts,
        frame: NDArray[np.intp],
        now_us: int,
    ) -> Iterator[Outgoing]:
        for part in self._clock.parts(time_us, now_us):
            if part.ended_us is not None:
                yield from self._step(part.ended_us)
            told = None if text is None else text[part.rows]
            samples = Samples(part.clock_us, time_us[part.rows], places[part.rows], value[part.rows], told)
            batch = Batch(samples, frame[part.rows], len(self._ids))
            for collector in self._running.values():
                for found in collector.add(batch):
                    yield from self._written(collector, found)
            for one in self._beside:
                one.look(batch)

    def advance(self, clock_us: int) -> Iterator[Outgoing]:
        """Let time pass without samples."""
        ended_us = self._clock.advance(clock_us)
        if ended_us is not None:
            yield from self._step(ended_us)
        for collector in self._running.values():
            for found in collector.advance(self._clock.us):
                yield from self._written(collector, found)

    def flush(self) -> Iterator[Outgoing]:
        """End all periods and events now."""
        for collector in self._running.values():
            yield from self._flush(collector, self._clock.us)

    def _step(self, ended_us: int) -> Iterator[Outgoing]:
        """The clock was set back: what was collected before belongs to the time before."""
        self._report.count("clock_steps_total")
        for collector in self._running.values():
            yield from self._flush(collector, ended_us)
        for one in self._beside:
            one.forget()

    def _flush(self, collector: Collector, clock_us: int) -> Iterator[Outgoing]:
        for found in collector.flush(clock_us):
            yield from self._written(collector, found)

    def _written(self, collector: Collector, found: Collected) -> Iterator[Outgoing]:
        yield from self._writer.write(collector.scheme, found, self._ids)

    def _make_decoder(self) -> None:
        if self._decoder is not None:
            self._past.add(self._decoder.accounting)
            self._decoder = None
        if self._manifest is not None and (self._running or self._beside):
            wanted = self._wanted()
            in_frames = len(self._manifest.signals)
            self._places = np.flatnonzero(wanted[:in_frames] | _one_of_each_message(self._manifest))
            self._decoder = Decoder([self._manifest.signals[place] for place in self._places.tolist()])

    def _wanted(self) -> NDArray[np.bool_]:
        """The places of all signals that anybody looks at."""
        masks = [one.collects for one in self._running.values()] + [one.collects for one in self._beside]
        return np.logical_or.reduce(masks) if masks else np.zeros(len(self._ids), np.bool_)


def _one_of_each_message(manifest: DecoderManifest) -> NDArray[np.bool_]:
    """One signal of every message: a frame that no scheme wants is still told from one of an unknown identifier."""
    first: dict[tuple[str, int, bool], int] = {}
    for place, signal in enumerate(manifest.signals):
        first.setdefault((signal.interface, signal.message_id, signal.extended), place)
    mask = np.zeros(len(manifest.signals), np.bool_)
    mask[list(first.values())] = True
    return mask
