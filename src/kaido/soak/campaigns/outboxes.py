"""What a car has persisted, noted by its own database: a trigger copies each payload in the same transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from kaido.agent.outbox_file import open_file
from kaido.soak.campaigns.pulses import SIGNALS
from kaido.wire import snappy
from kaido.wire.kaido_wire_pb2 import VehicleData

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "outbox.db"
Row = tuple[str, int, str, int, float]
"""Campaign's sync id, number of the event, signal, time in ms since the epoch, value."""


def witness(state: Path) -> None:
    """Have the outbox in an agent's state folder note what enters it, for good. Made where it is not there."""
    state.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(open_file(state / FILE)) as database:
        database.executescript(
            """
            CREATE TABLE IF NOT EXISTS kept (payload BLOB NOT NULL);
            CREATE TRIGGER IF NOT EXISTS keeping AFTER INSERT ON outbox WHEN new.topic LIKE '%/signals'
            BEGIN INSERT INTO kept (payload) VALUES (new.payload); END;
            """
        )


def waiting(state: Path) -> int:
    """How many payloads are in the outbox now."""
    with _reading(state) as database:
        (count,) = database.execute("SELECT count(*) FROM outbox").fetchone()
        return int(count)


def kept(state: Path) -> Iterator[Row]:
    """Every sample that ever entered the outbox."""
    with _reading(state) as database:
        for (payload,) in database.execute("SELECT payload FROM kept"):
            yield from samples(payload)


def samples(payload: bytes) -> Iterator[Row]:
    """Those of one payload, compressed or not."""
    try:
        plain = snappy.decompress(payload)
    except snappy.SnappyError:
        plain = payload
    data = VehicleData.FromString(plain)
    for one in data.captured_signals:
        time_ms = data.collection_event_time_ms_epoch + one.relative_time_ms
        yield (
            data.campaign_sync_id,
            data.collection_event_id,
            SIGNALS[one.signal_id - 1],
            time_ms,
            one.double_value,
        )


def _reading(state: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(f"file:{state / FILE}?mode=ro", uri=True, timeout=30))
