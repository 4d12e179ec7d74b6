from __future__ import annotations

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.sim.load.payload import event_id, opaque, time_bytes, varint, vehicle_data, wavy_samples
from kaido.sim.load.window import Window
from kaido.wire.kaido_wire_pb2 import VehicleData

NAMES = st.text(max_size=300)
SAMPLES = st.lists(
    st.tuples(st.integers(-(2**31), 2**31), st.integers(1, 2**32 - 1), st.floats(allow_nan=False)), max_size=20
)
TIMES = st.integers(1_000_000_000_000, 4_000_000_000_000)


@given(NAMES, NAMES, SAMPLES, TIMES, TIMES, st.integers(0, 2**40))
def test_a_stamped_payload_is_the_same_data_at_another_event_and_time(
    campaign: str, manifest: str, samples: list[tuple[int, int, float]], before: int, after: int, event: int
) -> None:
    payload = vehicle_data(campaign, manifest, samples, before)
    buffer = bytearray(b"head" + payload.data)
    payload.stamp(buffer, 4, event, time_bytes(after))
    read = VehicleData.FromString(bytes(buffer[4:]))
    wanted = VehicleData.FromString(payload.data)
    wanted.collection_event_id = event_id(event)
    wanted.collection_event_time_ms_epoch = after
    assert read == wanted
    assert read.SerializeToString() == bytes(buffer[4:])


@given(st.integers(2**28, 2**32 - 1))
def test_event_ids_take_five_bytes(value: int) -> None:
    data = VehicleData(collection_event_id=value).SerializeToString()
    assert data[1:] == varint(value)


def test_opaque_payloads_have_their_size_and_differ() -> None:
    payload = opaque(200)
    buffer = bytearray(payload.data)
    payload.stamp(buffer, 0, 7, b"")
    assert len(payload.data) == len(buffer) == 200
    assert bytes(buffer) != payload.data


def test_a_hundred_samples_of_ten_signals_end_at_the_event() -> None:
    samples = wavy_samples(100, range(1, 11))
    assert [relative for relative, _, _ in samples][::10] == list(range(-900, 1, 100))
    assert [signal for _, signal, _ in samples[:10]] == list(range(1, 11))


def test_a_window_hands_out_each_packet_id_once_and_keeps_what_flies() -> None:
    window = Window("kaido/v/car/signals", [opaque(50)], 4)
    data = window.take(3)
    assert window.room == 1
    packets = []
    view = memoryview(data)
    while view:
        packet, size = mqtt5.read(view)
        assert isinstance(packet, mqtt5.PublishPacket)
        packets.append(packet)
        view = view[size:]
    assert [packet.packet_id for packet in packets] == [1, 2, 3]
    assert {packet.topic for packet in packets} == {"kaido/v/car/signals"}
    assert len({packet.payload for packet in packets}) == 3
    assert len(window.acknowledged([2, 2, 9])) == 1
    assert window.room == 2
    assert len(window.again()) == 2 * len(data) // 3
    window.limit(3)
    assert window.room == 1  # 1 and 3 still fly
    with pytest.raises(IndexError):
        window.take(2)


def test_what_was_kept_is_told_once_and_what_was_rejected_is_not() -> None:
    kept: list[bytes] = []
    window = Window("kaido/v/car/signals", [opaque(50)], 4, kept.extend)
    data = window.take(3)
    first = data[: len(data) // 3]
    window.acknowledged([1, 1])
    window.rejected(2)
    window.acknowledged([2])
    assert kept == [first]
    assert window.room == 3
