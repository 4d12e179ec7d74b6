"""What a campaign would send a vehicle and day, from what the lake holds: evaluated, not modelled."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kaido.agent.errors import UnusableError
from kaido.agent.firings import firings
from kaido.errors import InvalidInputError
from kaido.rehearsal.history import MINUTES, Coverage, History, VehicleDay, recorded
from kaido.rehearsal.intervals import Interval, of_amounts, of_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from kaido.lake import Lake
    from kaido.rehearsal.runnable import Runnable

MOST_DAYS = 400
"""Vehicle-days that are evaluated; of more, so many are drawn."""
FEW_VEHICLES = 5
_COARSER = 1.5
_DAY_S = 86_400
_UNEVEN = 3.0


@dataclass(frozen=True)
class SignalHistory:
    """What the lake holds of a signal that the condition reads.

    Attributes:
        vehicle_days: of those that were evaluated, how many have samples of it.
        interval_ms: from one sample to the next, in the middle.
        wanted_ms: what the campaign says it wants: its sample period, half its window; None where it takes all.
        coarse: whether the samples are further apart than that, or than elsewhere in the same history.
    """

    signal: str
    vehicle_days: int
    interval_ms: float | None
    wanted_ms: float | None
    coarse: bool


@dataclass(frozen=True)
class Estimate:
    """A vehicle and day of a campaign. What has no history is None.

    Attributes:
        vehicles: that the campaign means and that could run it.
        days: of the history (UTC); the last one may not be over.
        today_share: how much of the last one is over, where it is today.
        possible: vehicle-days in it.
        with_history: of those the ones with samples of the signals that the condition needs.
        partial: those with samples of some, but not of all of them; they are left out.
        evaluated: what the estimate rests on.
        evaluated_vehicles: of how many vehicles.
        events: a vehicle and day that has history.
        samples: likewise.
        bytes: likewise, as payloads, compressed where the campaign says so.
        plain_bytes: uncompressed.
        compressed_bytes: compressed.
        data_share: the share of the evaluated time, by minutes, for which the signals had samples.
        signals: those that the condition reads.
        notes: what a person wants to know.
    """

    vehicles: int
    days: int
    today_share: float | None
    possible: int
    with_history: int
    partial: int
    evaluated: int
    evaluated_vehicles: int
    events: Interval | None
    samples: Interval | None
    bytes: Interval | None
    plain_bytes: float | None
    compressed_bytes: float | None
    data_share: float | None
    signals: tuple[SignalHistory, ...]
    notes: tuple[str, ...]


class _Day(NamedTuple):
    vehicle: str
    share: float
    """How much of it there was: 1, of today less."""
    events: int
    samples: int
    bytes: int
    plain_bytes: int
    compressed_bytes: int
    minutes: int
    intervals_us: dict[str, float | None]
    seen: frozenset[str]


def estimate(
    fleet: Mapping[str, Runnable],
    lake: Lake,
    *,
    until: int,
    days: int,
    now: datetime | None = None,
    most: int = MOST_DAYS,
    seconds: float = float("inf"),
    question_seconds: float = 60.0,
) -> Estimate:
    """What a campaign would have sent in some days.

    Each vehicle-day is evaluated by itself: values, windows and the minimum interval begin anew with it.

    Args:
        fleet: the campaign in its vehicles, by their ids; at least one.
        lake: the company's.
        until: the day after the last, counted from 1970.
        days: how many before it.
        now: the moment at which this is asked: of its day there is a part, and it counts as that part of a day.
        most: vehicle-days at most.
        seconds: how long it may take; then it rests on fewer vehicle-days, and says so.
        question_seconds: how long one question to the lake may take.

    Raises:
        InvalidInputError: vehicles would skip the campaign.
        TooLargeError: a question to the lake takes too long.
    """
    end = time.monotonic() + seconds
    runs = list({id(one): one for one in fleet.values()}.values())
    required = runs[0].required  # the condition is the same in all manifests
    paths = sorted({path for one in runs for path in (*one.sent, *one.read)})
    history = History(lake, paths, question_seconds)
    found = history.days(fleet, required, until - days, until)
    usable = [one for one in found if one.complete]
    random = np.random.default_rng(0)
    drawn = [usable[place] for place in random.permutation(len(usable))[:most].tolist()]
    batches = history.batches(drawn)
    today, share = _today(now, until, days)
    done: list[_Day] = []
    for place in random.permutation(len(batches)).tolist():
        if done and time.monotonic() > end:
            break
        done += (
            _evaluate(fleet[day.vehicle], day, pieces, share if day.day == today else 1.0)
            for day, pieces in history.read(batches[place])
        )
    signals = tuple(_signals(runs, done))
    notes = [
        *_today_notes(now, today, share, done),
        *_basis_notes(found, usable, drawn, done, required),
        *_signal_notes(runs, signals, done),
        *runs[0].limits(),
    ]
    return Estimate(
        vehicles=len(fleet),
        days=days,
        today_share=None if today is None else share,
        possible=len(fleet) * days,
        with_history=len(usable),
        partial=len(found) - len(usable),
        evaluated=len(done),
        evaluated_vehicles=len({one.vehicle for one in done}),
        **_figures(done),
        signals=signals,
        notes=tuple(notes),
    )


def _today(now: datetime | None, until: int, days: int) -> tuple[int | None, float]:
    """The day of now, where it is one of those, and how much of it is over."""
    if now is None:
        return None, 1.0
    number, seconds = divmod(now.timestamp(), _DAY_S)
    return (int(number), max(seconds, 1.0) / _DAY_S) if until - days <= number < until else (None, 1.0)


def _evaluate(run: Runnable, day: VehicleDay, pieces: Iterator[pa.Table], share: float) -> _Day:
    ids = {path: number for number, path in run.paths.items()}
    texts = run.manifest.texts
    coverage = Coverage([ids[path] for path in run.required])
    events = samples = size = plain = compressed = 0
    try:
        for one in firings(run.scheme, run.manifest, (coverage.take(recorded(piece, ids, texts)) for piece in pieces)):
            events += one.samples > 0
            samples += one.samples
            size += one.bytes
            plain += one.plain_bytes
            compressed += one.compressed_bytes
    except UnusableError as error:
        raise InvalidInputError("vehicles would skip the campaign", why=error.why) from error
    intervals = {path: coverage.interval_us(ids[path]) for path in run.required}
    seen = frozenset(run.paths[number] for number in coverage.seen)
    return _Day(day.vehicle, share, events, samples, size, plain, compressed, coverage.minutes, intervals, seen)


def _figures(done: Sequence[_Day]) -> dict[str, Any]:
    names = ("events", "samples", "bytes", "plain_bytes", "compressed_bytes", "data_share")
    if not done:
        return dict.fromkeys(names)
    of = {name: np.array([getattr(one, name) for one in done], np.int64) for name in names[:-1]}
    shares = np.array([one.share for one in done])
    events = of_counts(of["events"], shares)
    days = float(shares.sum())
    return {
        "events": events,
        "samples": of_amounts(of["samples"], events, shares),
        "bytes": of_amounts(of["bytes"], events, shares),
        "plain_bytes": float(of["plain_bytes"].sum()) / days,
        "compressed_bytes": float(of["compressed_bytes"].sum()) / days,
        "data_share": min(sum(one.minutes for one in done) / (MINUTES * days), 1.0),
    }


def _signals(runs: Sequence[Runnable], done: Sequence[_Day]) -> Iterator[SignalHistory]:
    intervals: dict[str, list[float]] = defaultdict(list)
    for day in done:
        for path, interval in day.intervals_us.items():
            if interval is not None:
                intervals[path].append(interval / 1_000)
    for path in runs[0].read:
        known = intervals[path]
        middle = float(np.median(known)) if known else None
        wanted = _wanted_ms(runs[0], path)
        coarse = middle is not None and (
            middle > _COARSER * wanted if wanted else max(known) > _UNEVEN * max(min(known), 1.0)
        )
        yield SignalHistory(path, sum(path in day.seen for day in done), middle, wanted, coarse)


def _wanted_ms(run: Runnable, path: str) -> float | None:
    """How far apart samples may be without the condition seeing less."""
    (one,) = (info for info in run.scheme.signal_information if run.paths[info.signal_id] == path)
    wanted = [float(one.minimum_sample_period_ms), one.fixed_window_period_ms / 2]
    return min((period for period in wanted if period), default=None)


def _today_notes(now: datetime | None, today: int | None, share: float, done: Sequence[_Day]) -> Iterator[str]:
    if now is None or today is None:
        return
    there = sum(one.share < 1 for one in done)
    text = f"today is in it until {now:%H:%M} UTC, as {share:.2g} of a day"
    if there:
        text += f": {there:,} of {len(done):,} vehicle-days are of today"
    yield f"{text}; the interval does not know how the rest of today differs from what there is of it"


def _basis_notes(
    found: Sequence[VehicleDay],
    usable: Sequence[VehicleDay],
    drawn: Sequence[VehicleDay],
    done: Sequence[_Day],
    required: Sequence[str],
) -> Iterator[str]:
    if not found:
        yield "the lake has no sample of its signals in these days: nothing can be said"
    elif not usable:
        yield f"no vehicle-day has samples of all that the condition reads ({', '.join(required)}): nothing can be said"
    if partial := len(found) - len(usable):
        yield f"{partial:,} vehicle-days have samples of some of its signals, but not of all that the condition needs"
    if len(drawn) < len(usable):
        yield f"{len(drawn):,} of {len(usable):,} vehicle-days were drawn"
    if len(done) < len(drawn):
        yield f"the time was over after {len(done):,} of {len(drawn):,} vehicle-days"
    if done and (vehicles := len({one.vehicle for one in done})) < FEW_VEHICLES:
        yield f"it rests on {vehicles} vehicle{'s' * (vehicles > 1)}: the interval does not know how others are driven"


def _signal_notes(runs: Sequence[Runnable], signals: Sequence[SignalHistory], done: Sequence[_Day]) -> Iterator[str]:
    if not done:
        return
    for one in signals:
        if one.coarse:
            wanted = f"the campaign wants {one.wanted_ms:g} ms" if one.wanted_ms else "elsewhere it has more"
            yield f"the history of {one.signal} has a sample every {one.interval_ms:g} ms, {wanted}: events are missed"
    known = [(one.interval_ms, one.signal) for one in signals if one.interval_ms is not None]
    if known:
        interval, path = max(known)
        yield f"the history has {path} every {interval:g} ms: what holds for a shorter time is not in it"
    sent = frozenset().union(*(one.sent for one in runs))
    if missing := sorted(sent - frozenset().union(*(day.seen for day in done))):
        more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""  # noqa: PLR2004  # a few examples
        yield f"the bytes are without signals that have no history: {', '.join(missing[:3])}{more}"
