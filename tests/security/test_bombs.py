"""Few bytes that stand for many: gzip, Snappy, protobuf, Arrow, BLF, SQLite. Memory and disk stay bounded."""

from __future__ import annotations

import gzip
import sqlite3
import struct
import tracemalloc
import zlib
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.errors import InvalidInputError, UnavailableError
from kaido.flow import UP_SCHEMA, UpKind
from kaido.ingest.portions import portions, unpacked_bytes
from kaido.ingest.readings import stated_lengths
from kaido.journal import JournalMessage, decode_batch, encode_batch
from kaido.recordings import open_recording, source
from kaido.recordings.errors import NotARecordingError
from kaido.runtime import folders
from kaido.wire import kaido_wire_pb2 as wire
from kaido.wire import snappy
from tests.ingest.conftest import plant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.conftest import World
    from tests.ingest.conftest import Plant

__all__ = ["plant"]

SMALLEST_SAMPLE = bytes.fromhex("2a0410012200")
"""Signal 1 with an empty text: six bytes, and a hundred as columns."""
LOG = b"(1436509052.249713) can0 123#1122334455667788\n"


def message(seq: int, *payloads: bytes, kind: UpKind = UpKind.SIGNALS) -> JournalMessage:
    now, count = datetime.now(UTC), len(payloads)
    batch = pa.record_batch(
        [
            pa.array(["car-1"] * count),
            pa.array([int(kind)] * count, pa.uint8()),
            pa.array([now] * count, pa.timestamp("us", "UTC")),
            pa.array(payloads, pa.binary()),
        ],
        schema=UP_SCHEMA,
    )
    return JournalMessage(seq, encode_batch(batch), now)


def bomb(event: int, manifest: str = "", size: int = 5_000_000) -> bytes:
    """A payload that a gateway takes, of some million bytes when un-Snappied."""
    head = wire.VehicleData(
        campaign_sync_id="all",
        decoder_sync_id=manifest,
        collection_event_id=event,
        collection_event_time_ms_epoch=1_760_000_000_000,
    ).SerializeToString()
    return snappy.compress(head + SMALLEST_SAMPLE * (size // len(SMALLEST_SAMPLE)))


def test_a_payload_can_grow_twentyfold() -> None:
    """Else the tests below prove nothing."""
    assert len(bomb(1)) < 262_144
    assert len(snappy.decompress(bomb(1))) > 20 * len(bomb(1))


def test_what_is_decoded_at_once_is_bounded_by_what_it_grows_to() -> None:
    messages = [message(seq, *(bomb(seq * 10 + n) for n in range(4))) for seq in range(1, 9)]
    found = list(portions(messages))
    assert [one.seq for portion in found for one in portion] == list(range(1, 9))
    assert [len(portion) for portion in found] == [1] * 8
    assert all(20_000_000 < unpacked_bytes(one.data) < 32_000_000 for one in messages)
    honest = [message(seq, *[b"\x0a" + bytes(1_000)] * 100) for seq in range(100)]
    assert [len(portion) for portion in portions(honest)] == [100]


@given(st.lists(st.binary(max_size=12), max_size=20), st.integers(0, 5))
def test_stated_lengths_are_those_that_snappy_reads(payloads: list[bytes], skipped: int) -> None:
    sliced = pa.array([b"another"] * skipped + payloads, pa.binary()).slice(skipped)
    for payload, stated in zip(payloads, stated_lengths(sliced).tolist(), strict=True):
        try:
            read = snappy.uncompressed_length(payload)
        except snappy.SnappyError:
            continue  # no block at all: whatever is stated, nothing is un-Snappied
        assert stated == min(read, snappy.MAX_UNCOMPRESSED_BYTES)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 100))
def test_portions_lose_nothing(sizes: list[int], most: int) -> None:
    messages = [message(seq, b"\x0a" * size) for seq, size in enumerate(sizes)]
    bound = most * unpacked_bytes(messages[0].data)
    found = list(portions(messages, bound))
    assert [one for portion in found for one in portion] == messages
    assert all(len(each) == 1 or sum(unpacked_bytes(one.data) for one in each) <= bound for each in found)


async def test_ingest_works_off_bombs_and_goes_on(plant: Plant) -> None:
    bombs = [bomb(event, plant.manifest.sync_id, size=600_000) for event in range(1, 5)]
    lying = b"\xff\xff\xff\xff\x07" + bombs[0][3:]
    await plant.publish([*bombs, lying, plant.payload(9)])
    async with plant.ingest():
        await plant.settled(4 * 99_990 + 5, seconds=60)
        bad = await plant.settled(1, "quarantine")
    assert bad["payload"].to_pylist() == [lying]


def test_a_snappy_block_that_states_more_than_is_taken() -> None:
    with pytest.raises(snappy.SnappyError, match="more than the limit"):
        snappy.decompress(b"\xff\xff\xff\xff\x0f" + bytes(100))


def test_a_batch_that_is_a_compressed_arrow_file() -> None:
    """Only the platform's own processes write these; even so a column that unpacks to gigabytes is none of ours."""
    column = pa.array([bytes(50_000_000)], pa.binary())
    batch = pa.record_batch([column], names=["payload"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    with pytest.raises(InvalidInputError):
        decode_batch(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("kind", [None, "candump", "mf4", "sqlite", "blf"])
def test_gzip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None) -> None:
    """Whatever it is read as, and though its beginning looks right."""
    monkeypatch.setattr(source, "UNZIPPED_FLOOR", 1_000_000)
    file = tmp_path / "bomb.gz"
    begins = {"sqlite": b"SQLite format 3\0", "mf4": b"MDF     4.10    ", "blf": b"LOGG"}.get(kind or "")
    file.write_bytes(gzip.compress(begins + bytes(100_000_000) if begins else LOG * 2_000_000))
    with memory_below(60_000_000), pytest.raises(NotARecordingError, match="200 times its size"):
        for _ in open_recording(file, kind=kind):
            pass


def test_an_honest_log_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "UNZIPPED_FLOOR", 1_000_000)
    file = tmp_path / "drive.log.gz"
    lines = (b"(%d.%06d) can0 123#1122334455667788\n" % (n // 100, n % 100 * 10_000) for n in range(100_000))
    file.write_bytes(gzip.compress(b"".join(lines)))
    assert sum(len(frames) for frames in open_recording(file)) == 100_000


def test_a_scratch_file_leaves_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "base.db")) as base:
        base.execute("CREATE TABLE messages(ts, arbitration_id, extended, remote, error, dlc, data)")
        base.commit()
    file = tmp_path / "base.db.gz"
    file.write_bytes(gzip.compress((tmp_path / "base.db").read_bytes()))
    monkeypatch.setattr(folders, "RESERVE_BYTES", 10**18)
    with pytest.raises(UnavailableError, match="nearly full"):
        list(open_recording(file, kind="sqlite"))


async def test_an_upload_leaves_room_on_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    _with_a_manifest(world)
    monkeypatch.setattr(folders, "RESERVE_BYTES", 10**18)
    problem = await world.a.ask("POST", "/imports?vehicle=car-1", content=LOG * 100, status=503)
    assert problem["what"] == "the disk is nearly full"
    assert not list((world.services.settings.data / "tmp").iterdir())


def test_a_container_of_blf(tmp_path: Path) -> None:
    body = bytes([2]).ljust(16, b"\0") + zlib.compress(bytes(300_000_000))
    file = tmp_path / "bomb.blf"
    head = struct.pack("<4sL", b"LOGG", 144).ljust(144, b"\0")
    file.write_bytes(head + struct.pack("<4sHHLL", b"LOBJ", 16, 1, 16 + len(body), 10) + body)
    recording: Any = open_recording(file, kind="blf")
    with memory_below(250_000_000):
        for _ in recording:
            pass
    assert recording.damaged_count


@contextmanager
def memory_below(most: int) -> Iterator[None]:
    """What is done takes less memory than this at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


ENDLESS = """
CREATE VIEW messages AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)
SELECT 1.0 AS ts, n AS arbitration_id, 0 AS extended, 0 AS remote, 0 AS error, 8 AS dlc,
x'00' AS data, n AS rowid FROM r;
"""
COMPUTED = """
CREATE TABLE messages(ts, arbitration_id, extended, remote, error, dlc, data AS (zeroblob(900000000)));
INSERT INTO messages(ts, arbitration_id, extended, remote, error, dlc) VALUES (1, 2, 0, 0, 0, 8);
"""


@pytest.mark.parametrize(("script", "why"), [(ENDLESS, "is a view"), (COMPUTED, "too big")], ids=["view", "computed"])
def test_a_database_that_computes(tmp_path: Path, script: str, why: str) -> None:
    with closing(sqlite3.connect(tmp_path / "bomb.db")) as base:
        base.executescript(script)
    recording = open_recording(tmp_path / "bomb.db", kind="sqlite")
    with pytest.raises(NotARecordingError, match=why):
        list(recording)


def _with_a_manifest(world: World) -> None:
    from kaido.catalog import CanSignal, DecoderManifest  # noqa: PLC0415  # cantools is slow to import

    signal = CanSignal(path="Vehicle.Speed", message_id=0x123, start_bit_lsb=0, length=8)
    world.services.catalog.save_manifest("a", DecoderManifest.of("leaf", [signal]))
