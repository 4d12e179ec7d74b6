"""A campaign over a recorded drive: when it would have fired, and with what."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.errors import UnusableError
from kaido.agent.firings import firings
from kaido.errors import InvalidInputError
from kaido.rehearsal.witness import Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaido.can.frames import Frames
    from kaido.rehearsal.runnable import Runnable

MOST_LISTED = 10_000


@dataclass(frozen=True)
class Firing:
    """A moment at which it fires.

    Attributes:
        time_ms: ms since the epoch.
        values: the newest values of the condition's signals, in the units of the manifest; None where there is none.
        samples: what it sends; 0 where there is nothing new, and nothing is sent.
        payloads: in how many messages.
        bytes: of all of them.
    """

    time_ms: int
    values: dict[str, float | str | None]
    samples: int
    payloads: int
    bytes: int


@dataclass(frozen=True)
class Comparison:
    """How near a comparison of the condition came.

    Attributes:
        text: in the units of the manifest.
        held: for which share of the time, 0 to 1.
        left: the least and the greatest value of its left side; None where it never had one.
        right: of its right side.
    """

    text: str
    held: float | None
    left: tuple[float, float] | None
    right: tuple[float, float] | None


@dataclass(frozen=True)
class DryRun:
    """What came of it.

    Attributes:
        frames: how many were read.
        first_us: the time of the first, µs since the epoch; None where there was none.
        last_us: the latest.
        triggers: how often it fired.
        events: how often it had something to send.
        samples: of all events.
        bytes: of all events.
        plain_bytes: uncompressed.
        compressed_bytes: compressed.
        held: for which share of the time the condition held; None by the clock.
        comparisons: what the condition compares.
        firings: the first of them.
        notes: what a person wants to know.
    """

    frames: int
    first_us: int | None
    last_us: int | None
    triggers: int
    events: int
    samples: int
    bytes: int
    plain_bytes: int
    compressed_bytes: int
    held: float | None
    comparisons: tuple[Comparison, ...]
    firings: tuple[Firing, ...]
    notes: tuple[str, ...]


def dry_run(
    run: Runnable, recording: Iterable[Frames], *, most: int = MOST_LISTED, seconds: float = float("inf")
) -> DryRun:
    """Play a recording through the agent's own evaluator, whatever the campaign's start and expiry are.

    Args:
        run: the campaign.
        recording: frames, chunk after chunk.
        most: firings that are listed; all are counted.
        seconds: how long it may take; then it ends, and says so.

    Raises:
        InvalidInputError: vehicles would skip the campaign.
    """
    reader = _Reader(recording, seconds)
    account = Account(run)
    listed: list[Firing] = []
    triggers = events = samples = size = plain = compressed = 0
    try:
        for fired in firings(run.scheme, run.manifest, reader, witness=account):
            values = account.triggered.popleft() if account.triggered else {}
            triggers += 1
            events += fired.samples > 0
            samples += fired.samples
            size += fired.bytes
            plain += fired.plain_bytes
            compressed += fired.compressed_bytes
            if triggers <= most:
                listed.append(Firing(fired.time_ms, values, fired.samples, fired.payloads, fired.bytes))
    except UnusableError as error:
        raise InvalidInputError("vehicles would skip the campaign", why=error.why) from error
    return DryRun(
        reader.frames,
        reader.first_us,
        reader.last_us,
        triggers,
        events,
        samples,
        size,
        plain,
        compressed,
        account.held.share if run.scheme.HasField("condition_based") else None,
        tuple(_compared(account)),
        tuple(listed),
        (*reader.notes(), *_missing(run, account), *run.limits()),
    )


class _Reader:
    """Chunks, until the time is over; with an account of them."""

    def __init__(self, recording: Iterable[Frames], seconds: float) -> None:
        self._recording = recording
        self._seconds = seconds
        self._ended = False
        self.frames = 0
        self.first_us: int | None = None
        self.last_us: int | None = None

    def __iter__(self) -> Iterator[Frames]:
        end = time.monotonic() + self._seconds
        for chunk in self._recording:
            if not len(chunk):
                continue
            if time.monotonic() > end:
                self._ended = True
                return
            first, last = int(chunk.time_us[0]), int(chunk.time_us.max())
            self.first_us = first if self.first_us is None else self.first_us
            self.last_us = last if self.last_us is None else max(self.last_us, last)
            self.frames += len(chunk)
            yield chunk

    def notes(self) -> Iterator[str]:
        if self._ended:
            yield f"it took longer than {self._seconds:g} s: only the first {self.frames:,} frames were played"
        if not self.frames:
            yield "the recording has no frame"


def _compared(account: Account) -> Iterator[Comparison]:
    for probe in account.probes:
        left, right = ((one.low, one.high) for one in probe.ranges)
        yield Comparison(
            probe.text,
            probe.held.share,
            (left[0], left[1]) if left[0] is not None and left[1] is not None else None,
            (right[0], right[1]) if right[0] is not None and right[1] is not None else None,
        )


def _missing(run: Runnable, account: Account) -> Iterator[str]:
    for path in account.unseen() if run.read else ():
        yield f"the recording has no sample of {path}, which the condition reads"
