from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.agent.vehicle_data import Event, payloads
from kaido.wire import snappy
from kaido.wire.kaido_wire_pb2 import VehicleData

samples = st.tuples(st.integers(0, 2**32 - 1), st.integers(-(2**40), 2**40), st.floats(width=64))
near = st.tuples(st.integers(0, 300), st.integers(-300, 300), st.floats(width=64))


def event(rows: list[tuple[int, int, float]], time_ms: int = 1_700_000_000_000) -> Event:
    ids, relative, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Event(
        77,
        time_ms,
        np.array(ids, np.uint32),
        np.array(relative, np.int64) + time_ms,
        np.array(values, np.float64),
    )


def message(rows: list[tuple[int, int, float]], time_ms: int = 1_700_000_000_000) -> VehicleData:
    data = VehicleData(
        campaign_sync_id="c",
        decoder_sync_id="d",
        collection_event_id=77,
        collection_event_time_ms_epoch=time_ms,
    )
    for signal, relative, value in rows:
        data.captured_signals.add(relative_time_ms=relative, signal_id=signal, double_value=value)
    return data


@given(st.lists(samples | near, min_size=1, max_size=50))
def test_the_bytes_are_those_of_the_protobuf_library(rows: list[tuple[int, int, float]]) -> None:
    (payload,) = payloads(event(rows), "c", "d", compress=False, limit=131_072)
    assert payload == message(rows).SerializeToString()


@given(st.lists(near, min_size=1, max_size=200), st.integers(60, 500), st.booleans())
def test_parts_keep_the_limit_the_event_and_every_sample(
    rows: list[tuple[int, int, float]], limit: int, compress: bool
) -> None:
    whole = message(rows)
    limit += 100
    parts = list(payloads(event(rows), "c", "d", compress=compress, limit=limit))
    assert all(len(part) <= limit for part in parts)
    messages = [VehicleData.FromString(snappy.decompress(p) if compress else p) for p in parts]
    assert {m.collection_event_id for m in messages} == {77}
    together = [sample.SerializeToString() for m in messages for sample in m.captured_signals]
    assert together == [sample.SerializeToString() for sample in whole.captured_signals]


words = st.text(max_size=20) | st.floats(width=64)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(-300, 300), words), max_size=30), st.integers(150, 400))
def test_texts_come_behind_the_numbers(rows: list[tuple[int, int, float | str]], limit: int) -> None:
    numbers = [(key, ms, value) for key, ms, value in rows if not isinstance(value, str)]
    told = [(key, ms, value) for key, ms, value in rows if isinstance(value, str)]
    given = event([(key, ms, 0.0 if isinstance(value, str) else value) for key, ms, value in rows])
    text = np.array([None, *(value if isinstance(value, str) else None for *_, value in rows)], object)[1:]
    parts = list(payloads(replace(given, text=text), "c", "d", compress=False, limit=limit))
    assert all(len(part) <= limit for part in parts)
    whole = message(numbers)
    for key, ms, value in told:
        whole.captured_signals.add(relative_time_ms=ms, signal_id=key, string_value=value)
    together = [one for part in parts for one in VehicleData.FromString(part).captured_signals]
    assert [one.SerializeToString() for one in together] == [one.SerializeToString() for one in whole.captured_signals]


def test_parts_are_as_large_as_the_limit_allows() -> None:
    rows = [(index % 200, -index % 1000, 0.5) for index in range(20_000)]
    parts = list(payloads(event(rows), "c", "d", compress=False, limit=131_072))
    assert all(131_000 < len(part) <= 131_072 for part in parts[:-1])


def test_incompressible_samples_keep_the_limit_too() -> None:
    generator = np.random.default_rng(1)
    count = 20_000
    noise = Event(
        1,
        0,
        generator.integers(0, 2**32, count, np.uint32),
        generator.integers(0, 2**50, count),
        generator.integers(0, 2**64, count, np.uint64).view(np.float64),
    )
    assert max(map(len, payloads(noise, "c", "d", compress=True, limit=131_072))) <= 131_072


def test_nothing_makes_no_payload() -> None:
    assert not list(payloads(event([]), "c", "d", compress=True, limit=1_000))


def test_a_limit_without_room_is_an_error() -> None:
    with pytest.raises(ValueError, match="no room"):
        list(payloads(event([(1, 1, 1.0)]), "c", "d", compress=False, limit=20))
