"""An estimate from the lake's history: right where it is known, and honest about what is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.agent.firings import firings
from kaido.lake import Lake
from kaido.rehearsal import Estimate, Runnable, estimate
from kaido.rehearsal.history import History, recorded
from tests.rehearsal.drives import BRAKE, CAR, DAY_US, SPEED, rows, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

TODAY = 20_000
"""Days since 1970."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, "acme")


def keep(lake: Lake, *tables: pa.Table, version: int = 1) -> None:
    lake.append(pa.concat_tables(tables), app_id="test", version=version)


def drive(day: int, speeds: NDArray[np.float64], *, vehicle: str = "car-1", step_us: int = 1_000_000) -> pa.Table:
    """Speeds from 08:00 on."""
    times = day * DAY_US + DAY_US // 3 + step_us * np.arange(len(speeds))
    return rows(vehicle, SPEED, times.tolist(), speeds.tolist())


def spikes(count: int, seconds: int = 600) -> NDArray[np.float64]:
    """A drive with so many excursions above 100, in which each lasts a second."""
    speeds = np.full(seconds, 50.0)
    speeds[5 + 4 * np.arange(count)] = 120.0
    return speeds


def asked(lake: Lake, fleet: dict[str, Runnable] | None = None, **how: float) -> Estimate:
    return estimate(fleet or {"car-1": run()}, lake, until=TODAY, days=7, **how)  # type: ignore[arg-type]  # of one kind each


def test_what_there_is_of_today_counts_as_a_part_of_a_day(lake: Lake) -> None:
    keep(lake, drive(TODAY - 1, spikes(4)), drive(TODAY, spikes(3)))
    noon = datetime.fromtimestamp((TODAY + 0.5) * 86_400, UTC)
    found = estimate({"car-1": run()}, lake, until=TODAY + 1, days=8, now=noon)
    assert (found.days, found.evaluated, found.today_share) == (8, 2, 0.5)
    assert found.events is not None
    assert found.events.mean == pytest.approx(7 / 1.5)
    assert found.data_share == pytest.approx(20 / 1_440 / 1.5)
    assert found.notes[0].startswith(
        "today is in it until 12:00 UTC, as 0.5 of a day: 1 of 2 vehicle-days are of today;"
    )
    alone = estimate({"car-1": run()}, lake, until=TODAY + 1, days=1, now=noon)
    assert alone.events is not None
    assert alone.events.mean == 6
    assert alone.events.low < 2
    assert alone.events.high is not None
    assert alone.events.high > 15


def test_it_counts_what_was_there(lake: Lake) -> None:
    keep(lake, drive(TODAY - 1, spikes(3)), drive(TODAY - 2, spikes(5)), drive(TODAY - 8, spikes(90)))
    keep(lake, drive(TODAY, spikes(90)), drive(TODAY - 1, spikes(90), vehicle="other"), version=2)
    found = asked(lake, {"car-1": run(), "car-2": run()})
    assert (found.vehicles, found.days, found.possible) == (2, 7, 14)
    assert (found.with_history, found.partial, found.evaluated, found.evaluated_vehicles) == (2, 0, 2, 1)
    assert found.events is not None
    assert found.events.mean == 4
    assert found.events.low < 3
    assert found.events.high is not None
    assert found.events.high > 5
    assert found.samples is not None
    assert found.samples.mean == 4
    assert found.bytes is not None
    assert found.compressed_bytes == found.bytes.mean
    assert found.plain_bytes is not None
    assert found.data_share == 10 / 1_440
    (speed,) = found.signals
    assert (speed.signal, speed.vehicle_days, speed.interval_ms, speed.coarse) == (SPEED, 2, 1_000, False)
    assert "it rests on 1 vehicle: the interval does not know how others are driven" in found.notes
    assert f"the history has {SPEED} every 1000 ms: what holds for a shorter time is not in it" in found.notes
    assert f"the bytes are without signals that have no history: {BRAKE}" in found.notes


def test_its_bytes_are_the_agent_s(lake: Lake) -> None:
    keep(lake, drive(TODAY - 1, spikes(7)))
    for packed in (True, False):
        one = run(compression=packed, before=50, after="3s")
        history = recorded(lake.signals("car-1", "*"), {SPEED: 1})
        agents = list(firings(one.scheme, CAR, [history]))
        found = asked(lake, {"car-1": one})
        assert found.bytes is not None
        assert found.bytes.mean == sum(each.bytes for each in agents)
        assert found.plain_bytes == sum(each.plain_bytes for each in agents)
        assert found.compressed_bytes == sum(each.compressed_bytes for each in agents)
        assert found.bytes.mean == (found.compressed_bytes if packed else found.plain_bytes)


def test_without_history_nothing_is_said(lake: Lake) -> None:
    found = asked(lake)
    assert found.events is None
    assert found.bytes is None
    assert found.data_share is None
    assert found.notes == ("the lake has no sample of its signals in these days: nothing can be said",)
    keep(lake, drive(TODAY - 1, spikes(1)))
    both = asked(lake, {"car-1": run(condition=f"{SPEED} > 100 and {BRAKE} > 1")})
    assert (both.with_history, both.partial, both.events) == (0, 1, None)
    assert "no vehicle-day has samples of all that the condition reads" in both.notes[0]
    null = asked(lake, {"car-1": run(condition=f"{SPEED} > 100 and is_null({BRAKE})")})
    assert null.events is not None
    assert null.events.mean == 1


def test_no_event_still_has_a_bound(lake: Lake) -> None:
    keep(lake, *(drive(TODAY - day, spikes(0)) for day in range(1, 6)))
    found = asked(lake)
    assert found.events is not None
    assert (found.events.mean, found.events.low) == (0, 0)
    assert found.events.high == pytest.approx(3 / 5, rel=0.1)
    assert found.bytes is not None
    assert found.bytes.high is None


def test_coarse_history_is_told(lake: Lake) -> None:
    keep(lake, drive(TODAY - 1, spikes(2)), drive(TODAY - 2, spikes(2), step_us=10_000_000))
    wanted = run(signals=[{"path": SPEED, "minimum_period": "100ms"}])
    (speed,) = asked(lake, {"car-1": wanted}).signals
    assert (speed.coarse, speed.wanted_ms) == (True, 100)
    windowed = run(signals=[{"path": SPEED, "window": "4s"}], condition=f"last_window_avg({SPEED}) > 100")
    assert asked(lake, {"car-1": windowed}).signals[0].wanted_ms == 2_000
    uneven = asked(lake)
    assert uneven.signals[0].coarse
    assert any("elsewhere it has more: events are missed" in note for note in uneven.notes)


def test_by_the_clock_it_is_trivial(lake: Lake) -> None:
    keep(lake, drive(TODAY - 1, spikes(0)))
    found = asked(lake, {"car-1": run(condition=None, trigger=None, period="10s", every_sample=True)})
    assert found.events is not None
    assert found.events.mean == 60
    assert found.samples is not None
    assert found.samples.mean == 600
    assert not found.signals


def test_of_many_days_some_are_drawn_and_time_ends(lake: Lake) -> None:
    keep(lake, *(drive(TODAY - day, spikes(2, 60), vehicle=f"car-{n}") for day in range(1, 5) for n in range(20)))
    fleet = {f"car-{n}": run() for n in range(20)}
    some = asked(lake, fleet, most=30)
    assert (some.with_history, some.evaluated) == (80, 30)
    assert "30 of 80 vehicle-days were drawn" in some.notes
    assert some.events is not None
    assert some.events.mean == 2
    short = asked(lake, fleet, seconds=0)
    assert 0 < short.evaluated < 80
    assert any(note.startswith("the time was over after") for note in short.notes)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.integers(0, 300), min_size=1, max_size=8),
    twice=st.booleans(),
    room=st.sampled_from([2, 5, 10_000]),
)
def test_a_day_is_the_same_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], twice: bool, room: int
) -> None:
    """Read in any pieces, every sample comes once, in its order; what two campaigns collected alike, too."""
    lake = Lake(tmp_path_factory.mktemp("pieces"), "acme")
    stamps = [TODAY * DAY_US + 60_000_000 * minute for minute in times]
    table = rows("car-1", SPEED, stamps, [float(minute) for minute in times])
    keep(lake, *([table, table] if twice else [table]))
    history = History(lake, [SPEED], 60.0, read_rows=room)
    days = history.days(["car-1"], [SPEED], TODAY, TODAY + 1)
    assert [(one.day, one.samples) for one in days] == [(TODAY, len(times) * (1 + twice))]

    def read() -> Iterator[tuple[int, float]]:
        for batch in history.batches(days):
            for _, pieces in history.read(batch):
                for piece in pieces:
                    found = recorded(piece, {SPEED: 1})
                    yield from zip(found.time_us.tolist(), found.value.tolist(), strict=True)

    assert list(read()) == [(TODAY * DAY_US + 60_000_000 * minute, float(minute)) for minute in sorted(set(times))]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.floats(0.5, 20), seed=st.integers(0, 2**32))
def test_a_known_rate_is_covered(tmp_path_factory: pytest.TempPathFactory, rate: float, seed: int) -> None:
    """Poisson events in a history of 60 vehicle-days; three times the interval always has the truth in it."""
    random = np.random.default_rng(seed)
    lake = Lake(tmp_path_factory.mktemp("rate"), "acme")
    counts = np.minimum(random.poisson(rate, (10, 6)), 140)
    keep(lake, *(drive(TODAY - 1 - d, spikes(counts[n, d]), vehicle=f"car-{n}") for n in range(10) for d in range(6)))
    found = asked(lake, {f"car-{n}": run() for n in range(10)})
    assert found.events is not None
    assert found.events.mean == pytest.approx(counts.mean())
    assert found.events.high is not None
    below, above = found.events.mean - found.events.low, found.events.high - found.events.mean
    assert found.events.mean - 3 * below < rate < found.events.mean + 3 * above


def test_rows_without_a_number_are_left_out() -> None:
    """A signal that is a text in the lake has no value for a condition."""
    table = rows("car-1", SPEED, [5, 7], [1.0, 2.0])
    texts = table.set_column(3, "value", pa.array([None, 2.0], pa.float64()))
    assert recorded(texts, {SPEED: 9}).time_us.tolist() == [7]
    assert not len(recorded(table, {}).time_us)
    assert not len(recorded(table.slice(0, 0), {SPEED: 9}).time_us)
