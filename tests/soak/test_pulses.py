from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.agent.outbox import Outbox, Outgoing
from kaido.can.decode import Decoder
from kaido.catalog.database import read_can_database
from kaido.soak.campaigns import outboxes
from kaido.soak.campaigns.pulses import COUNT, DATABASE, LIFE, MANIFEST, NAMESPACE, PULSE, SIGNALS, frame
from kaido.wire import snappy
from kaido.wire.kaido_wire_pb2 import VehicleData

if TYPE_CHECKING:
    from pathlib import Path

UP, OTHER = "kaido/v/soak-0001/signals", "kaido/v/soak-0001/checkins"


def payload(event: int) -> bytes:
    data = VehicleData(campaign_sync_id="c@1", collection_event_id=event, collection_event_time_ms_epoch=1_000)
    data.captured_signals.add(relative_time_ms=-5, signal_id=1, double_value=7.0)
    return data.SerializeToString()


def test_a_frame_says_what_was_put_in() -> None:
    manifest = read_can_database(DATABASE.encode(), "pulses.dbc", manifest=MANIFEST, namespace=NAMESPACE)
    assert tuple(signal.path for signal in manifest.signals) == SIGNALS
    columns = Decoder(manifest.signals).columns(frame(1_234, 450_000_000, 65_535, 1))
    told = {path: (times.tolist(), values.tolist()) for path, (times, values) in columns.items()}
    assert told == {
        COUNT: ([1_234_000], [450_000_000.0]),
        LIFE: ([1_234_000], [65_535.0]),
        PULSE: ([1_234_000], [1.0]),
    }


@pytest.mark.parametrize("compressed", [True, False])
def test_the_outbox_notes_what_enters_it_and_keeps_that(tmp_path: Path, compressed: bool) -> None:
    outboxes.witness(tmp_path)
    outboxes.witness(tmp_path)
    outbox = Outbox(tmp_path / "outbox.db", 1_000_000)
    new = [snappy.compress(payload(event)) if compressed else payload(event) for event in (1, 2)]
    taken = outbox.exchange([Outgoing(UP, new[0]), Outgoing(OTHER, b"x")], [], [1, 2]).taken
    outbox.exchange([Outgoing(UP, new[1])], [one.id for one in taken], [])
    assert outboxes.waiting(tmp_path) == 1
    assert list(outboxes.kept(tmp_path)) == [("c@1", 1, COUNT, 995, 7.0), ("c@1", 2, COUNT, 995, 7.0)]
    outbox.close()
    assert list(outboxes.kept(tmp_path)) == [("c@1", 1, COUNT, 995, 7.0), ("c@1", 2, COUNT, 995, 7.0)]
