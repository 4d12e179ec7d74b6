from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError

from kaido.sim.load.window import Window
from kaido.soak.ledger import Ledger
from kaido.soak.payloads import POOL, STEP_MS, Stamped, event_of, is_malformed, payloads
from kaido.wire import snappy
from kaido.wire.kaido_wire_pb2 import VehicleData

START_MS = 1_700_000_000_000
TOPIC = "kaido/v/car/signals"


def made(samples: int = 10) -> list[Stamped]:
    return payloads("soak@1", "manifest@1", samples, 7.0, START_MS)


def stamped(pool: list[Stamped], event: int) -> bytes:
    one = pool[event % POOL]
    buffer = bytearray(b"head" + one.data)
    one.stamp(buffer, 4, event, b"")
    return bytes(buffer[4:])


@pytest.mark.parametrize("samples", [6, 10, 80])
def test_all_that_a_payload_says_follows_from_its_event(samples: int) -> None:
    pool = made(samples)
    for event in [*range(2 * POOL), 100_000]:
        data = stamped(pool, event)
        assert event_of(data, pool) == event
        if is_malformed(event):
            with pytest.raises(DecodeError):
                VehicleData.FromString(data)
            continue
        plain = snappy.decompress(data) if event % POOL % 2 else data
        told = VehicleData.FromString(plain)
        assert told.collection_event_time_ms_epoch == START_MS + event * STEP_MS
        assert [one.double_value for one in told.captured_signals] == [float(event)] + [7.0] * (samples - 1)
        assert [one.signal_id for one in told.captured_signals] == list(range(1, samples + 1))


def test_the_ledger_has_what_was_acknowledged(tmp_path_factory: pytest.TempPathFactory) -> None:
    pool = made()
    with Ledger(tmp_path_factory.mktemp("ledger") / "acknowledged") as ledger:
        window = Window(TOPIC, pool, 2 * POOL, ledger.page(3, pool))
        window.take(POOL + 5)
        window.acknowledged(range(1, POOL + 2))
        window.acknowledged([1, 2, POOL + 3])
        assert ledger.count == POOL + 2
        assert ledger.table().to_pydict() == {"vehicle": [3] * (POOL + 2), "event": [*range(POOL + 1), POOL + 2]}
