"""The snapshot gives back what was saved, or says that it cannot; then the lake gives the twin back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.errors import NotFoundError
from kaido.lake import Lake
from kaido.runtime.settings import load as load_settings
from kaido.twin import Twin, offline, snapshot
from kaido.twin.recovery import recover
from kaido.twin.snapshot import DamagedSnapshotError, Position, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIST = pa.list_(pa.uint64())


@pytest.fixture
def twin(samples: Callable[..., pa.Table]) -> Twin:
    twin = Twin()
    twin.add_vehicles(["silent"])
    twin.fold(
        samples([("a", "Vehicle.A", 1, 1.5), ("b", "Vehicle.B", 2, float("nan")), ("a", "Vehicle.T", 3, "on")]),
        9_000_000,
    )
    return twin


def test_what_is_saved_comes_back(tmp_path: Path, twin: Twin) -> None:
    file = tmp_path / "twin" / "acme.arrow"
    recent = pa.array([[], [1, 2**64 - 1]], LIST)
    snapshot.save(file, snapshot.encode(Snapshot(twin, {"up-acme-0": Position("2026-01-01", 7)}, recent)))
    found = snapshot.load(file)
    assert found is not None
    assert found.positions == {"up-acme-0": Position("2026-01-01", 7)}
    assert found.recent.to_pylist() == [[], [1, 2**64 - 1], []]
    assert found.twin.vehicles.names == ["silent", "a", "b"]
    for name in ("silent", "a"):
        assert found.twin.vehicle(name).equals(twin.vehicle(name))
    assert str(found.twin.vehicle("b").to_pylist()) == str(twin.vehicle("b").to_pylist())  # NaN is not itself
    assert found.twin.last_seen[:3].tolist() == [0, 9_000_000, 9_000_000]


def test_an_empty_twin_comes_back(tmp_path: Path) -> None:
    snapshot.save(tmp_path / "x.arrow", snapshot.encode(Snapshot(Twin())))
    found = snapshot.load(tmp_path / "x.arrow")
    assert found is not None
    assert len(found.twin.vehicles) == 0


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert snapshot.load(tmp_path / "none.arrow") is None


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_read_never_worse(tmp_path: Path, twin: Twin, data: st.DataObject) -> None:
    content = snapshot.encode(Snapshot(twin))
    position = data.draw(st.integers(0, len(content) - 1))
    cut = data.draw(st.booleans())
    damaged = content[:position] if cut else content[:position] + b"\xff" + content[position + 1 :]
    file = tmp_path / "damaged.arrow"
    file.write_bytes(damaged)
    with contextlib.suppress(DamagedSnapshotError):
        assert snapshot.load(file) is not None


def test_without_a_snapshot_the_twin_comes_from_the_lake(tmp_path: Path, samples: Callable[..., pa.Table]) -> None:
    settings = load_settings(data=tmp_path)
    lake = Lake(settings.lake, "acme")
    rows = samples([("a", "Vehicle.A", 946684801, 1.0), ("a", "Vehicle.A", 946684802, 2.0), ("a", "T", 946684801, "x")])
    lake.append(rows, app_id="test", version=1)
    for content in (None, b"ARROW1 no more"):
        if content is not None:
            snapshot.save(snapshot.path(settings, "acme"), content)
        answer = offline.vehicle(settings, "acme", "a")
        assert [(r["signal"], r["value"], r["text"]) for r in answer.to_pylist()] == [
            ("T", None, "x"),
            ("Vehicle.A", 2.0, None),
        ]


def test_an_import_is_merged_once_and_again(tmp_path: Path, samples: Callable[..., pa.Table]) -> None:
    settings = load_settings(data=tmp_path)
    for _ in range(2):
        offline.merge(settings, "acme", samples([("a", "Vehicle.A", 5, 1.0), ("a", "Vehicle.A", 4, 0.0)]))
    (row,) = offline.vehicle(settings, "acme", "a").to_pylist()
    assert row["value"] == 1.0
    assert recover(settings, "acme").positions == {}
    with pytest.raises(NotFoundError):
        offline.vehicle(settings, "acme", "b")
