from __future__ import annotations

import itertools
from typing import Any

import cantools
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.can.frames import EXTENDED
from kaido.sim.encode import DATABASE, Encoder, generic_ev, mapping, path_of, resource

DB: Any = cantools.database.load_string(resource(DATABASE), "dbc")
PATHS = mapping()
SIGNALS = {
    path_of(f"{message.name}.{signal.name}", PATHS): signal
    for message in DB.messages
    for signal in message.signals
    if not signal.is_multiplexer
}


def decoded(encoder: Encoder, values: dict[str, np.ndarray], count: int) -> dict[str, list[float]]:
    """What cantools, which we did not write, reads from our frames: path → one value a moment."""
    frames = encoder.encode(values, 1_000_000 * np.arange(count))
    found: dict[str, list[float]] = {path: [] for path in SIGNALS}
    for index in range(len(frames)):
        message = DB.get_message_by_frame_id(int(frames.can_id[index]))
        assert bool(frames.flags[index] & EXTENDED) == message.is_extended_frame
        data = frames.data[index, : frames.length[index]].tobytes()
        assert len(data) == message.length
        for name, value in message.decode(data, decode_choices=False).items():
            if (path := path_of(f"{message.name}.{name}", PATHS)) in found:
                found[path].append(float(value))
    return found


def test_the_database_has_what_decoders_stumble_over() -> None:
    signals = [signal for message in DB.messages for signal in message.signals]
    assert {signal.byte_order for signal in signals} == {"little_endian", "big_endian"}
    assert any(signal.is_signed and signal.byte_order == "big_endian" for signal in signals)
    assert any(signal.is_multiplexer for signal in signals)
    assert any(message.is_extended_frame for message in DB.messages)
    assert {message.cycle_time for message in DB.messages} == {100, 1_000, 10_000}


def test_the_mapping_names_signals_that_are_there_and_each_path_once() -> None:
    names = {f"{message.name}.{signal.name}" for message in DB.messages for signal in message.signals}
    assert set(PATHS) <= names
    assert len(set(PATHS.values())) == len(PATHS)


@given(st.data())
def test_cantools_reads_every_signal_back(data: st.DataObject) -> None:
    count = 3
    values, expected = {}, {}
    for path, signal in SIGNALS.items():
        low = -(1 << signal.length - 1) if signal.is_signed else 0
        raws = data.draw(st.lists(st.integers(low, low + (1 << signal.length) - 1), min_size=count, max_size=count))
        expected[path] = [raw * signal.scale + signal.offset for raw in raws]
        values[path] = np.array(expected[path], np.float64)
    found = decoded(generic_ev(), values, count)
    for path, wanted in expected.items():
        assert found[path] == pytest.approx(wanted, abs=1e-9), path


def test_values_that_do_not_fit_are_cut_off_at_the_ends() -> None:
    for extreme in (-1e12, 1e12):
        found = decoded(generic_ev(), {path: np.array([extreme]) for path in SIGNALS}, 1)
        for path, signal in SIGNALS.items():
            low = -(1 << signal.length - 1) if signal.is_signed else 0
            raw = low if extreme < 0 else low + (1 << signal.length) - 1
            assert found[path] == pytest.approx([raw * signal.scale + signal.offset]), path


def test_frames_come_in_order_of_time_and_never_at_once() -> None:
    times = 1_000_000 * np.arange(20)
    frames = generic_ev().encode({path: np.zeros(20) for path in SIGNALS}, times)
    assert all(a < b for a, b in itertools.pairwise(frames.time_us.tolist()))


def test_a_group_without_its_signals_is_not_sent() -> None:
    frames = generic_ev().encode({"Vehicle.Speed": np.zeros(1)}, np.array([0]))
    assert len(frames) == 0
