from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.flow import SAMPLE_SCHEMA, up_stream
from kaido.runtime.settings import Settings
from kaido.twin import Twin, dividing, recovery, snapshot
from kaido.twin.slices import slices
from kaido.twin.snapshot import Position, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = [f"car-{number}" for number in range(9)]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["Vehicle.A", "Vehicle.B", "Vehicle.C"]),
        st.integers(1, 5),
        st.one_of(st.floats(allow_nan=False), st.text(max_size=3)),
    ),
    max_size=30,
)


def table(rows: Sequence[tuple[str, str, int, float | str]]) -> pa.Table:
    named = [
        {
            "vehicle": vehicle,
            "signal": signal,
            "time": time,
            "value": None if isinstance(value, str) else value,
            "text": value if isinstance(value, str) else None,
        }
        for vehicle, signal, time, value in rows
    ]
    return pa.Table.from_pylist(named, schema=SAMPLE_SCHEMA)


def everything(found: Snapshot) -> dict[str, object]:
    """What a snapshot says, whatever its order."""
    twin = found.twin
    rings = dict(zip(twin.vehicles.names, found.recent.to_pylist(), strict=False))
    seen = {name: int(twin.last_seen[number]) for number, name in enumerate(twin.vehicles.names)}
    values = {name: twin.vehicle(name).drop_columns("vehicle").to_pylist() for name in twin.vehicles.names}
    return {"rings": rings, "seen": seen, "values": values, "positions": found.positions, "replayed": found.replayed}


@given(ROWS, st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_a_twin_divided_and_joined_again_is_the_same(
    rows: list[tuple[str, str, int, float | str]], first: int, second: int
) -> None:
    twin = Twin()
    twin.add_vehicles(NAMES[:2])  # never sent anything
    twin.fold(table(rows), 77)
    recent = pa.array([[number, number + 1] for number in range(len(twin.vehicles))], pa.list_(pa.uint64()))
    positions = {up_stream("acme", partition): Position(f"made-{partition}", partition + 5) for partition in range(6)}
    with tempfile.TemporaryDirectory() as folder:
        given_settings = Settings(data=Path(folder))
        before = Snapshot(twin, positions, recent, [3, 1])
        wanted = everything(before)
        for of in (first, second):
            dividing.divide(given_settings, "acme", before, of)
            assert dividing.in_force(given_settings, "acme") == of
            before = dividing.whole(given_settings, "acme")
            assert everything(before) == wanted
        files = {file.name for file in (Path(folder) / "twin").glob("*.arrow")}
        assert files == {snapshot.path(given_settings, "acme", part).name for part in slices(second)}
        for part in slices(second):
            names = recovery.recover(given_settings, "acme", part).twin.vehicles.names
            assert all(part.holds(name) for name in names)
