"""Frames of positions: what is encoded is what is read, whatever it is; and columns follow the twin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.api import position_frames, position_state
from kaido.api.position_frames import COLUMNS, DELTA, FULL
from kaido.api.position_hub import CompanyHub, Viewer
from kaido.api.position_state import CHARGES, MOVING, NOWHERE, OFFLINE, PARKED, SELECTED, Positions
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW_S = 1_800_000_000


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    size = draw(st.integers(0, 40))
    return {name: draw(arrays.arrays(kind, size)) for name, kind in COLUMNS.items()}


@given(fleets(), st.data())
def test_what_is_encoded_is_what_is_read(columns: dict[str, Any], data: st.DataObject) -> None:
    size = len(columns["status"])
    index = np.array(sorted(data.draw(st.sets(st.integers(0, size - 1)))) if size else [], np.int64)
    tick, base = data.draw(st.integers(1, 2**32 - 1)), data.draw(st.integers(0, 2**32 - 1))
    moment = data.draw(st.floats(0, 1e13))
    kind = data.draw(st.sampled_from([FULL, DELTA]))
    encoded = position_frames.encode(columns, index, kind=kind, moment_ms=moment, tick=tick, base=base)
    read = position_frames.decode(encoded)
    assert (read.full, read.moment_ms, read.tick, read.base) == (kind == FULL, moment, tick, base)
    assert read.vehicles == size
    assert read.index.tolist() == index.tolist()
    for name, column in columns.items():
        assert np.array_equal(read.columns[name], column[index], equal_nan=column.dtype.kind == "f"), name


@given(fleets().filter(lambda columns: len(columns["status"]) > 0), st.data())
def test_a_frame_that_lacks_bytes_is_refused(columns: dict[str, Any], data: st.DataObject) -> None:
    everyone = np.arange(len(columns["status"]))
    encoded = position_frames.encode(columns, everyone, kind=FULL, moment_ms=0.0, tick=1, base=0)
    with pytest.raises(InvalidInputError):
        position_frames.decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])
    with pytest.raises(InvalidInputError):
        position_frames.decode(encoded + b"\0")


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(InvalidInputError):
        position_frames.decode(b"KPOS"[: len(noise) % 5] + noise)


def answer(rows: Sequence[tuple[str, dict[str, float], float]]) -> pa.Table:
    """What the twin answers: id, values by signal, and how many seconds ago all of it was (negative: never)."""
    moment = pa.timestamp("us", tz="UTC")
    ago = [None if s < 0 else datetime.fromtimestamp(NOW_S - s, UTC) for _, _, s in rows]
    columns = {"vehicle": pa.array([name for name, _, _ in rows], pa.string()), "last_seen": pa.array(ago, moment)}
    for path in SELECTED:
        given = [values.get(path) for _, values, _ in rows]
        columns[path] = pa.array(given, pa.float64())
        columns[f"{path}@time"] = pa.array(
            [None if value is None else at for value, at in zip(given, ago, strict=True)], moment
        )
    return pa.table(columns)


def test_a_vehicle_moves_charges_stands_or_is_silent() -> None:
    speed, charging, north, east = (
        position_state.SPEED,
        position_state.CHARGING,
        position_state.LATITUDE,
        position_state.LONGITUDE,
    )
    rows: list[tuple[str, dict[str, float], float]] = [
        ("moves", {speed: 30.0, charging: 0.0, north: 35.5, east: -139.25}, 1),
        ("reverses", {speed: -3.0}, 1),
        ("moved-once", {speed: 30.0, north: 91.0, east: 0.0}, position_state.MOVING_SECONDS + 1),
        ("charges", {speed: 0.0, charging: 1.0, north: 0.0, east: 0.0}, 1),
        ("stands", {speed: 0.2, north: 0.0, east: 0.1}, 1),
        ("was-fast", {speed: 30.0, charging: 1.0}, position_state.OFFLINE_SECONDS + 1),
        ("never-spoke", {}, -1),
    ]
    positions = Positions()
    assert positions.take(answer(rows), NOW_S * 1_000_000).tolist() == list(range(7))
    assert positions.ids.to_pylist() == [name for name, _, _ in rows]
    columns = positions.columns
    assert columns["status"].tolist() == [MOVING, MOVING, PARKED, CHARGES, PARKED, OFFLINE, OFFLINE]
    assert columns["latitude_e7"].tolist() == [355_000_000, *[NOWHERE] * 3, 0, *[NOWHERE] * 2]
    assert columns["longitude_e7"].tolist() == [-1_392_500_000, *[NOWHERE] * 3, 1_000_000, *[NOWHERE] * 2]
    assert columns["seen_s"].tolist()[:2] == [NOW_S - 1, NOW_S - 1]
    assert columns["position_s"].tolist()[:2] == [NOW_S - 1, 0]
    assert np.isnan(columns["charge_percent"]).all()


names = st.sampled_from([f"car-{number}" for number in range(12)])
rounds = st.lists(st.dictionaries(names, st.floats(-89, 89, width=32)), min_size=1, max_size=6)


@given(rounds)
def test_deltas_add_up_to_the_whole(given_rounds: list[dict[str, float]]) -> None:
    """Whichever vehicles come, in whichever order: a viewer of deltas has what a viewer of the whole has."""
    positions, seen = Positions(), {name: np.zeros(0, kind) for name, kind in COLUMNS.items()}
    told: dict[str, float] = {}
    for number, latitudes in enumerate(given_rounds, 1):
        rows = [
            (name, {position_state.LATITUDE: at, position_state.LONGITUDE: 1.0}, 0.0) for name, at in latitudes.items()
        ]
        changed = positions.take(answer(rows), NOW_S * 1_000_000)
        told |= latitudes
        frame = position_frames.decode(
            position_frames.encode(positions.columns, changed, kind=DELTA, moment_ms=0, tick=number, base=number - 1)
        )
        for name, kind in COLUMNS.items():
            grown = np.concatenate([seen[name], np.zeros(frame.vehicles - len(seen[name]), kind)])
            grown[frame.index] = frame.columns[name]
            seen[name] = grown
    for name in COLUMNS:
        assert np.array_equal(seen[name], positions.columns[name], equal_nan=name.endswith(("kmh", "percent")))
    shown = dict(zip(positions.ids.to_pylist(), (seen["latitude_e7"] / 1e7).tolist(), strict=True))
    assert shown == pytest.approx(told, abs=1e-7)
    again = positions.take(answer(rows), NOW_S * 1_000_000)
    assert not len(again)


def test_a_slow_viewer_gets_the_newest_whole_and_never_a_backlog() -> None:
    hub = CompanyHub(None, "acme")  # type: ignore[arg-type]  # the twin is not asked here
    quick, slow = Viewer(), Viewer()
    north, east = position_state.LATITUDE, position_state.LONGITUDE
    for number in range(1, 5):
        rows = [(f"car-{car}", {north: number + car, east: 1.0}, 0.0) for car in range(1, number + 1)]
        hub.take(answer(rows), NOW_S * 1_000_000 + number)
        frames = hub.told(quick)
        assert [position_frames.decode(f).full for f in frames if isinstance(f, bytes)] == [number == 1]
        if number in {1, 4}:
            text, whole = hub.told(slow)
            assert isinstance(whole, bytes)
            assert isinstance(text, str)
            assert position_frames.decode(whole).full
            assert position_frames.decode(whole).columns["latitude_e7"].tolist() == [
                round((number + car) * 1e7) for car in range(1, number + 1)
            ]
        assert hub.told(quick) == []
