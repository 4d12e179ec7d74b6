"""LastKnownStateData: whose signals its ids mean, and how old its values are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.ingest import last_known_state
from kaido.ingest.manifests import Manifests
from kaido.ingest.samples import table
from kaido.twin import Twin
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy
from kaido.wire.syncids import is_state, manifest_of_state, state_sync_id

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT_MS = 1_760_000_000_000
OLD = state_sync_id("doors", b"x", "leaf@1")
NEW = state_sync_id("doors", b"x", "leaf@2")
GONE = state_sync_id("doors", b"x", "leaf@3")


class TwoManifests:
    """The vehicle should hold ``leaf@2``, and still sends what ``leaf@1`` says."""

    def paths(self, sync_id: str) -> Mapping[int, str] | None:
        return {"leaf@1": {1: "Vehicle.Old"}, "leaf@2": {1: "Vehicle.New", 2: "Vehicle.B"}}.get(sync_id)

    def sync_id_of(self, vehicle: str) -> str | None:
        return None if vehicle == "stranger" else "leaf@2"


def message(*values: tuple[str, int, float, int], event_ms: int = EVENT_MS) -> bytes:
    """Template, signal id, value, ms before the event."""
    data = pb.LastKnownStateData(collection_event_time_ms_epoch=event_ms)
    for sync_id, signal, value, ago in values:
        template = data.captured_state_template_signals.add(state_template_sync_id=sync_id)
        template.captured_signals.add(signal_id=signal, double_value=value, relative_time_ms=-ago)
    return snappy.compress(data.SerializeToString())


def decode(*payloads: bytes, vehicle: str = "car") -> tuple[list[tuple[str, int, float, str]], dict[int, str]]:
    manifests = Manifests(TwoManifests())
    vehicles = pa.array([vehicle] * len(payloads)).dictionary_encode()
    decoded = last_known_state.decode(pa.array(payloads, pa.binary()), vehicles, manifests)
    rows = [
        (manifests.signals.names[signal], time // 1_000 - EVENT_MS, value, campaign)
        for part in decoded.samples
        for signal, time, value, campaign in zip(
            part.signal.tolist(),
            part.time_us.tolist(),
            part.value.tolist(),
            part.campaign.to_pylist(),
            strict=True,
        )
    ]
    return rows, {row: fault.code for row, fault in decoded.faults.items()}


def test_a_sync_id_names_its_manifest() -> None:
    assert is_state(OLD)
    assert manifest_of_state(OLD) == "leaf@1"
    assert manifest_of_state("doors@1/leaf@1") == ""
    assert not is_state("doors@1")


def test_the_template_says_which_manifest_and_the_vehicle_only_where_it_does_not() -> None:
    rows, faults = decode(message((OLD, 1, 1.0, 0), (NEW, 1, 2.0, 0), ("doors-7", 2, 3.0, 0)))
    assert faults == {}
    assert rows == [
        ("Vehicle.Old", 0, 1.0, OLD),
        ("Vehicle.New", 0, 2.0, NEW),
        ("Vehicle.B", 0, 3.0, "doors-7"),
    ]


def test_what_nobody_knows_is_at_fault() -> None:
    good = message((NEW, 1, 1.0, 0))
    rows, faults = decode(good, message((NEW, 1, 1.0, 0), (GONE, 1, 1.0, 0)), message((OLD, 2, 1.0, 0)))
    assert faults == {1: "unknown_manifest", 2: "unknown_signal"}
    assert len(rows) == 1
    assert decode(message(("doors-7", 1, 1.0, 0)), vehicle="stranger")[1] == {0: "unknown_manifest"}
    assert decode(message((NEW, 1, 1.0, 0)), vehicle="stranger")[1] == {}


def test_a_value_is_as_old_as_it_says() -> None:
    rows, faults = decode(message((NEW, 1, 1.0, 3_600_000)), message((NEW, 1, 1.0, 2**62)), message())
    assert rows == [("Vehicle.New", -3_600_000, 1.0, NEW)]
    assert faults == {1: "bad_time", 2: "no_samples"}


values = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from([(NEW, 1, "Vehicle.New"), (NEW, 2, "Vehicle.B")]), st.floats(-9, 9)),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(values, st.randoms(use_true_random=False), st.integers(1, 8))
def test_older_never_overwrites_newer_in_the_twin(
    rows: list[tuple[int, tuple[str, int, str], float]], order: object, size: int
) -> None:
    """However values are late, doubled and cut into messages: the newest of each signal stays."""
    assert hasattr(order, "shuffle")
    mixed = rows + rows[: len(rows) // 2]
    order.shuffle(mixed)
    manifests, twin = Manifests(TwoManifests()), Twin()
    for start in range(0, len(mixed), size):
        payloads = [message((one[0], one[1], value, 50 - at)) for at, one, value in mixed[start : start + size]]
        vehicles = pa.array(["car"] * len(payloads)).dictionary_encode()
        decoded = last_known_state.decode(pa.array(payloads, pa.binary()), vehicles, manifests)
        twin.fold(table(decoded.samples, vehicles, manifests.signals.names), 5)
    found = {
        row["signal"]: (row["time"].timestamp() * 1_000 - EVENT_MS + 50, row["value"])
        for row in twin.vehicle("car").to_pylist()
    }
    for name, (at, value) in found.items():
        newest = max(time for time, one, _ in rows if one[2] == name)
        assert round(at) == newest
        assert value in [given for time, one, given in rows if one[2] == name and time == newest]
    assert set(found) == {one[2] for _, one, _ in rows}
