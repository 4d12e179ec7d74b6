"""Payloads that cannot be read go to quarantine with a reason, and never take another payload with them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.flow import UpKind
from kaido.ingest import last_known_state, vehicle_data
from kaido.ingest.manifests import Manifests
from kaido.wire import kaido_wire_pb2 as wire
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import Plant

PATHS = {1: "Vehicle.A", 2: "Vehicle.B"}
EVENT_MS = 1_760_000_000_000


class OneManifest:
    """Knows the manifest ``m@1``, which every vehicle holds."""

    def paths(self, sync_id: str) -> Mapping[int, str] | None:
        return PATHS if sync_id == "m@1" else None

    def sync_id_of(self, vehicle: str) -> str | None:
        return None if vehicle == "stranger" else "m@1"


def data(event: int = 1, **changes: object) -> wire.VehicleData:
    made = wire.VehicleData(campaign_sync_id="c@1", decoder_sync_id="m@1", collection_event_id=event)
    made.collection_event_time_ms_epoch = EVENT_MS
    made.captured_signals.add(signal_id=1, relative_time_ms=-5, double_value=1.5)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def decode(payloads: list[bytes]) -> tuple[list[tuple[int, str, int, float | str]], dict[int, str]]:
    """Samples as (payload, signal, milliseconds behind the event, value), and the code of each fault."""
    manifests = Manifests(OneManifest())
    decoded = vehicle_data.decode(pa.array(payloads, pa.binary()), manifests)
    rows: list[tuple[int, str, int, float | str]] = []
    for part in decoded.samples:
        texts = [None] * len(part) if part.text is None else part.text.to_pylist()
        for n in range(len(part)):
            value: float | str = float(part.value[n]) if texts[n] is None else str(texts[n])
            name = manifests.signals.names[part.signal[n]]
            rows.append((int(part.payload[n]), name, int(part.time_us[n]) // 1000 - EVENT_MS, value))
    return rows, {row: fault.code for row, fault in decoded.faults.items()}


def test_a_payload_is_read_plain_or_snappy() -> None:
    plain = data().SerializeToString()
    nameless = data(campaign_sync_id="").SerializeToString()  # begins as a Snappy block might
    rows, faults = decode([plain, snappy.compress(plain), nameless, snappy.compress(nameless)])
    assert faults == {}
    assert sorted(rows) == [(n, "Vehicle.A", -5, 1.5) for n in range(4)]


def test_texts_numbers_and_trouble_codes_stand_side_by_side() -> None:
    made = data()
    made.captured_signals.add(signal_id=2, relative_time_ms=7, string_value="on")
    made.dtc_data.relative_time_ms = 3
    made.dtc_data.active_dtc_codes.extend(["P0420", "P0171"])
    rows, _ = decode([made.SerializeToString()])
    assert sorted(rows) == [
        (0, "Vehicle.A", -5, 1.5),
        (0, "Vehicle.B", 7, "on"),
        (0, "Vehicle.OBD.DTCList", 3, "P0420,P0171"),
    ]


def with_sample(**fields: object) -> bytes:
    made = data()
    made.captured_signals.add(**fields)
    return made.SerializeToString()


def complex_sample() -> bytes:
    made = data()
    made.captured_signals.add(double_value=1).primitive_in_complex.signal_id = 1
    return made.SerializeToString()


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\xff\xff\xff", "malformed"),
        (data().SerializeToString()[:-3], "malformed"),
        (snappy.compress(data().SerializeToString())[:-3], "malformed"),
        (b"", "unknown_manifest"),
        (data(decoder_sync_id="m@2").SerializeToString(), "unknown_manifest"),
        (with_sample(signal_id=3, double_value=1), "unknown_signal"),
        (with_sample(signal_id=2**32 - 1, double_value=1), "unknown_signal"),
        (with_sample(signal_id=1), "no_value"),
        (with_sample(double_value=1), "no_signal"),
        (complex_sample(), "complex_signal"),
        (data(collection_event_time_ms_epoch=2**64 - 1).SerializeToString(), "bad_time"),
        (data(collection_event_time_ms_epoch=4).SerializeToString(), "bad_time"),
        (with_sample(signal_id=1, double_value=1, relative_time_ms=-(2**63)), "bad_time"),
        (with_sample(signal_id=1, double_value=1, relative_time_ms=2**63 - 1), "bad_time"),
        (wire.VehicleData(decoder_sync_id="m@1").SerializeToString(), "no_samples"),
    ],
)
def test_a_bad_payload_has_its_reason_and_the_others_pass(payload: bytes, code: str) -> None:
    good = data().SerializeToString()
    rows, faults = decode([good, payload, snappy.compress(good)])
    assert faults == {1: code}
    assert sorted(row[0] for row in rows) == [0, 2]


def test_last_known_state_is_read_with_its_types() -> None:
    made = wire.LastKnownStateData(collection_event_time_ms_epoch=EVENT_MS)
    template = made.captured_state_template_signals.add(state_template_sync_id="t@1")
    template.captured_signals.add(signal_id=1, bool_value=True)
    template.captured_signals.add(signal_id=2, string_value="open")
    template.captured_signals.add(signal_id=2, int64_value=-(2**40))
    block = snappy.compress(made.SerializeToString())
    manifests = Manifests(OneManifest())
    vehicles = pa.array(["car", "stranger", "car"]).dictionary_encode()
    decoded = last_known_state.decode(pa.array([block, block, b"\xff"], pa.binary()), vehicles, manifests)
    assert {row: fault.code for row, fault in decoded.faults.items()} == {1: "unknown_manifest", 2: "malformed"}
    (samples,) = decoded.samples
    assert samples.payload.tolist() == [0, 0, 0]
    assert samples.campaign.to_pylist() == ["t@1"] * 3
    assert samples.text is not None
    assert samples.text.to_pylist() == [None, "open", None]
    assert samples.value[[0, 2]].tolist() == [1.0, -float(2**40)]
    assert np.isnan(samples.value[1])


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_every_payload_is_decoded_or_at_fault_whatever_its_bytes(draw: st.DataObject) -> None:
    base = data(3)
    base.captured_signals.add(signal_id=2, string_value="text")
    whole = base.SerializeToString()
    payloads = []
    for _ in range(draw.draw(st.integers(1, 8))):
        content = bytearray(draw.draw(st.sampled_from([whole, snappy.compress(whole)])))
        for _ in range(draw.draw(st.integers(0, 3))):
            content[draw.draw(st.integers(0, len(content) - 1))] = draw.draw(st.integers(0, 255))
        payloads.append(bytes(content[: draw.draw(st.integers(0, len(content)))]))
    payloads.append(draw.draw(st.binary(max_size=50)))
    rows, faults = decode(payloads)
    assert {row[0] for row in rows}.isdisjoint(faults)
    assert {row[0] for row in rows} | set(faults) == set(range(len(payloads)))


async def test_quarantine_has_the_payload_and_the_counts_add_up(plant: Plant) -> None:
    good = [plant.payload(n) for n in range(1, 6)]
    bad = [b"\xff" * n for n in range(1, 8)]
    async with plant.ingest():
        await plant.publish([*good, *bad])
        await plant.publish([b"?"], kind=99)
        await plant.publish([b"no samples"], kind=UpKind.FOLD)
        await plant.journal.nats.request(f"kaido.up.{plant.company}.0", b"no batch at all")
        rows = await plant.settled(10, "quarantine")
        await plant.settled(25)
        assert plant.counted() == plant.expected(range(1, 6))
        reasons = Counter(reason.split(":")[0] for reason in rows["reason"].to_pylist())
        assert reasons == {"malformed": 9, "unknown_kind": 1}
        kept = [row["payload"] for row in rows.to_pylist() if row["kind"] == UpKind.SIGNALS]
        assert sorted(kept) == sorted(bad)
        assert len(set(rows["id"].to_pylist())) == 10
