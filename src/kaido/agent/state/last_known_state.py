"""State templates at work: values in, LastKnownStateData out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.clock import RunningClock
from kaido.agent.commands.outcomes import FAILED, Outcome, Reason
from kaido.agent.config import MAX_PAYLOAD_BYTES
from kaido.agent.outbox import Outgoing
from kaido.agent.samples import Samples
from kaido.agent.state.activations import Activations
from kaido.agent.state.periods import Periods
from kaido.agent.state.state_data import Part, kinds, payloads
from kaido.agent.state.templates import HeldTemplates
from kaido.agent.state.values import Values
from kaido.can.decode import Decoder
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from kaido.agent.readings import Readings
    from kaido.agent.texts import Texts
    from kaido.can.frames import Frames
    from kaido.catalog.manifest import DecoderManifest
    from kaido.runtime.status import Report
    from kaido.wire import kaido_wire_pb2 as pb

_FILE = "states.json"


class LastKnownState:
    """Runs the state templates of one manifest.

    All templates' signals are decoded, active or not, so that a snapshot has values. A template that is activated
    sends all its known values at once; then a periodic one those that came in each period, the other each value that
    differs from the one before.

    Args:
        topic: where LastKnownStateData goes.
        report: counts values and activations.
        folder: where activations outlive a restart.
        recorded: the time is that of the frames alone (a recording), not that of the wall.
    """

    def __init__(self, topic: str, report: Report, folder: Path, *, recorded: bool) -> None:
        self._topic = topic
        self._report = report
        self._clock = RunningClock(follows_frames=recorded)
        self._recorded = recorded
        self._activations = Activations(folder / _FILE)
        self._manifest: DecoderManifest | None = None
        self._held = HeldTemplates()
        self._ids = np.empty(0, np.uint32)
        self._kinds = np.empty(0, np.uint8)
        self._wanted: dict[str, NDArray[np.bool_]] = {}
        self._periods: dict[str, Periods] = {}
        self._values = Values(0)
        self._places = np.empty(0, np.intp)
        self._decoder: Decoder | None = None
        self._on_change: dict[str, NDArray[np.bool_]] = {}
        self._snapshots: dict[str, None] = {}
        self._saving = asyncio.Lock()

    @property
    def active(self) -> int:
        """How many templates are active."""
        return len(self._periods) + len(self._on_change)

    def load(self) -> None:
        """Take up the activations that are on disk."""
        self._activations.load()

    def replace(self, manifest: DecoderManifest | None, types: Mapping[int, int], held: HeldTemplates) -> None:
        """Run these templates from now on. Those that run already just go on.

        Args:
            manifest: whose signals the templates name.
            types: the primitive type of its signals, by id.
            held: the templates.
        """
        if manifest is not self._manifest:
            ids = manifest.ids if manifest else ()
            self._manifest, self._ids = manifest, np.array(ids, np.uint32)
            self._kinds = kinds(types.get(one, 0) for one in ids)
            self._values = Values(len(ids))
            self._periods = {}
        elif held is self._held:
            return
        self._held = held
        self._wanted = {key: np.isin(self._ids, one.signal_ids) for key, one in held.templates.items()}
        self._run()
        self._decode()

    def add(self, frames: Frames, now_us: int) -> Iterator[Outgoing]:
        """Take frames; what comes out is what they trigger."""
        if self._decoder is not None and len(frames):
            rows = self._decoder.rows(frames)
            yield from self._take(rows.time_us, self._places[rows.signal_index], rows.value, None, now_us)
            if self._recorded:
                yield from self.advance(int(frames.time_us[-1]))

    def _take(
        self,
        time_us: NDArray[np.int64],
        place: NDArray[np.intp],
        value: NDArray[np.float64],
        text: Texts,
        now_us: int,
    ) -> Iterator[Outgoing]:
        """Take samples of signals by their place in the manifest, in the order of their arrival."""
        for part in self._clock.parts(time_us, now_us):
            if part.ended_us is not None:
                yield from self._flush(part.ended_us)
            told = None if text is None else text[part.rows]
            samples = Samples(part.clock_us, time_us[part.rows], place[part.rows], value[part.rows], told)
            for key, periods in self._periods.items():
                for ended_us, due in periods.add(samples):
                    yield from self._told(ended_us, [self._newest(key, due)])
            yield from self._changes(samples)

    @property
    def asked_for(self) -> list[int]:
        """The ids of the signals of active templates that are in no frame."""
        in_frames = len(self._manifest.signals) if self._manifest else 0
        active = [self._wanted[key][in_frames:] for key in (*self._periods, *self._on_change)]
        wanted = np.logical_or.reduce(active) if active else np.zeros(len(self._ids) - in_frames, np.bool_)
        return [int(number) for number in self._ids[in_frames:][wanted]]

    def add_readings(self, readings: Readings, now_us: int) -> Iterator[Outgoing]:
        """Take values that are in no frame, of the present manifest's signals."""
        yield from self._take(*readings, now_us)

    def advance(self, clock_us: int) -> Iterator[Outgoing]:
        """Let time pass without samples."""
        ended_us = self._clock.advance(clock_us)
        if ended_us is not None:
            yield from self._flush(ended_us)
        for key, periods in self._periods.items():
            for period_us, due in periods.advance(self._clock.us):
                yield from self._told(period_us, [self._newest(key, due)])

    def due(self, now_us: int) -> Iterator[Outgoing]:
        """The snapshots that were asked for; they do not wait for frames."""
        asked, self._snapshots = self._snapshots, {}
        yield from self._told(now_us, [self._newest(key, self._values) for key in asked if key in self._wanted])

    def flush(self) -> Iterator[Outgoing]:
        """End all periods now."""
        yield from self._flush(self._clock.us)

    async def expire(self) -> None:
        """End the activations whose time is over, and those of templates that the vehicle holds no more."""
        if self._activations.forget(self._held.templates):
            self._run()
            with contextlib.suppress(UnavailableError):  # the next restart forgets them again
                await self._save()

    # commands

    async def command(self, wanted: pb.LastKnownStateCommand) -> Outcome:
        """Activate, deactivate or fetch templates: all that are named, or none. On disk when this returns."""
        named = [one.state_template_sync_id for one in wanted.state_templates]
        unknown = [key for key in named if key not in self._wanted]
        if unknown:
            text = f"the vehicle does not hold {', '.join(map(repr, unknown[:3]))}"
            return Outcome(FAILED, Reason.STATE_TEMPLATE_OUT_OF_SYNC, text)
        if not wanted.state_templates:
            return Outcome(FAILED, Reason.COMMAND_REQUEST_PARSING_FAILED, "it names no state template")
        if any(one.WhichOneof("operation") is None for one in wanted.state_templates):
            return Outcome(FAILED, Reason.NOT_SUPPORTED, "it does not say what to do")
        before, outcome = self._activations.all(), Outcome()
        for one in wanted.state_templates:
            outcome = self._operate(one)
        self._run()
        try:
            await self._save()
        except UnavailableError as error:
            self._activations.restore(before)
            self._run()
            return Outcome(FAILED, Reason.WRITE_FAILED, str(error))
        return outcome

    def _operate(self, one: pb.StateTemplateCommand) -> Outcome:
        match one.WhichOneof("operation"):
            case "activate":
                return self.activate(one.state_template_sync_id, one.activate.deactivate_after_seconds)
            case "deactivate":
                return self.deactivate(one.state_template_sync_id)
            case _:
                return self.fetch(one.state_template_sync_id)

    def activate(self, sync_id: str, seconds: int) -> Outcome:
        """Send the known values, then run; after so many seconds (0: never) it ends by itself."""
        already = sync_id in self._activations
        self._activations.activate(sync_id, seconds)
        if sync_id in self._periods:
            self._periods[sync_id].restart()
        self._snapshots[sync_id] = None
        self._report.count("states_activated_total")
        return Outcome(reason=Reason.STATE_TEMPLATE_ALREADY_ACTIVATED if already else Reason.UNSPECIFIED)

    def deactivate(self, sync_id: str) -> Outcome:
        """Run it no more."""
        already = sync_id not in self._activations
        self._activations.deactivate(sync_id)
        return Outcome(reason=Reason.STATE_TEMPLATE_ALREADY_DEACTIVATED if already else Reason.UNSPECIFIED)

    def fetch(self, sync_id: str) -> Outcome:
        """Send the known values once, whether it is active or not."""
        self._snapshots[sync_id] = None
        wanted = self._wanted[sync_id]
        known = int(np.count_nonzero(wanted & self._values.known))
        return Outcome(text="" if known == wanted.sum() else f"{known} of {wanted.sum()} signals have a value")

    # inside

    async def _save(self) -> None:
        async with self._saving:  # the last one to write knows all
            await asyncio.to_thread(self._activations.save)

    def _run(self) -> None:
        """Run what is active."""
        self._periods = {
            key: self._periods.get(key) or Periods(self._wanted[key], one.period_ms)
            for key, one in self._held.templates.items()
            if one.period_ms and key in self._activations
        }
        self._on_change = {
            key: self._wanted[key]
            for key, one in self._held.templates.items()
            if not one.period_ms and key in self._activations
        }
        self._report.gauge("states_active", self.active)

    def _decode(self) -> None:
        """Decode what any template wants."""
        self._decoder = None
        if self._manifest is not None and self._wanted:
            wanted = np.logical_or.reduce(list(self._wanted.values()))
            self._places = np.flatnonzero(wanted[: len(self._manifest.signals)])
            if len(self._places):
                self._decoder = Decoder([self._manifest.signals[place] for place in self._places.tolist()])

    def _changes(self, samples: Samples) -> Iterator[Outgoing]:
        changed = samples.take(self._values.take(samples))
        if len(changed.clock_us) and self._on_change:
            parts = [
                self._part(key, some.signal, some.time_us, some.value, some.text)
                for key, wanted in self._on_change.items()
                if len((some := changed.take(wanted[changed.signal])).clock_us)
            ]
            yield from self._told(int(changed.clock_us[-1]), parts)

    def _flush(self, clock_us: int) -> Iterator[Outgoing]:
        """The clock was set back, or stops: what came before belongs to the time before."""
        for key, periods in self._periods.items():
            for ended_us, due in periods.flush(clock_us):
                yield from self._told(ended_us, [self._newest(key, due)])

    def _newest(self, key: str, values: Values) -> Part:
        return self._part(key, *values.of(self._wanted[key]))

    def _part(
        self,
        key: str,
        place: NDArray[np.intp],
        time_us: NDArray[np.int64],
        value: NDArray[np.float64],
        text: Texts,
    ) -> Part:
        return Part(key, self._ids[place], self._kinds[place], time_us // 1_000, value, text)

    def _told(self, time_us: int, parts: Iterable[Part]) -> Iterator[Outgoing]:
        full = [part for part in parts if len(part)]
        self._report.count("states_total", sum(map(len, full)))
        for payload in payloads(time_us // 1_000, full, MAX_PAYLOAD_BYTES):
            yield Outgoing(self._topic, payload)
