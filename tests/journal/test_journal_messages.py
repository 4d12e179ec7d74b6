"""What is appended is read: in order, once, through restarts."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from kaido.errors import TooLargeError, UnavailableError
from kaido.flow import UP_SCHEMA, UpKind
from kaido.journal import EmbeddedServer, Journal, JournalMessage, decode_batch
from kaido.journal.reader import PULL_MESSAGES
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from pathlib import Path


def batch(*payloads: bytes) -> pa.RecordBatch:
    count = len(payloads)
    return pa.record_batch(
        [
            pa.array(["car-1"] * count),
            pa.array([UpKind.SIGNALS] * count, pa.uint8()),
            pa.array([datetime.now(UTC)] * count, pa.timestamp("us", tz="UTC")),
            pa.array(payloads, pa.binary()),
        ],
        schema=UP_SCHEMA,
    )


async def read(
    journal: Journal, count: int, *, start_seq: int = 1, batch_bytes: int = 1_000_000
) -> list[JournalMessage]:
    taken: list[JournalMessage] = []
    async with asyncio.timeout(30):
        async for messages in journal.consume("acme", 0, start_seq=start_seq, batch_bytes=batch_bytes):
            taken += messages
            if len(taken) >= count:
                break
    return taken


def payload_of(message: JournalMessage) -> bytes:
    return bytes(decode_batch(message.data).column("payload")[0].as_py())


async def test_what_is_appended_is_read_in_order(journal: Journal) -> None:
    await journal.ensure_company("acme")
    for number in range(30):
        assert await journal.publish_up("acme", 0, batch(b"%d" % number), message_id=str(number)) == number + 1
    taken = await read(journal, 25, start_seq=6)
    assert [message.seq for message in taken] == list(range(6, 31))
    assert [payload_of(message) for message in taken] == [b"%d" % number for number in range(5, 30)]
    assert taken[0].published_at.tzinfo is not None


async def test_a_list_never_exceeds_its_bytes(journal: Journal) -> None:
    await journal.ensure_company("acme")
    for number in range(12):
        await journal.publish_up("acme", 0, batch(os.urandom(100_000)), message_id=str(number))
    async with asyncio.timeout(30):
        seen = 0
        async for messages in journal.consume("acme", 0, start_seq=1, batch_bytes=250_000, gather_seconds=0.2):
            assert len(messages) <= 2
            seen += len(messages)
            if seen == 12:
                break


async def test_a_backlog_of_many_small_messages_is_read(journal: Journal) -> None:
    await journal.ensure_company("acme")
    wanted = 2 * PULL_MESSAGES + 10
    for start in range(0, wanted, 100):
        numbers = range(start, min(start + 100, wanted))
        await asyncio.gather(*(journal.publish_up("acme", 0, batch(b"x"), message_id=str(n)) for n in numbers))
    taken = await read(journal, wanted, batch_bytes=16_000_000)
    assert [message.seq for message in taken] == list(range(1, wanted + 1))


async def test_a_message_larger_than_the_bytes_of_a_list_still_comes(journal: Journal) -> None:
    await journal.ensure_company("acme")
    await journal.publish_up("acme", 0, batch(bytes(2_000_000)), message_id="large")
    (message,) = await read(journal, 1, batch_bytes=10_000)
    assert len(payload_of(message)) == 2_000_000


async def test_the_same_message_id_is_kept_once(journal: Journal) -> None:
    await journal.ensure_company("acme")
    first = await journal.publish_up("acme", 0, batch(b"x"), message_id="one")
    assert await journal.publish_up("acme", 0, batch(b"x"), message_id="one") == first
    assert await journal.last_seq("acme", 0) == 1


async def test_a_stream_that_is_missing_is_made_by_the_first_publish(journal: Journal) -> None:
    assert await journal.publish_up("new-co", 1, batch(b"x"), message_id="one") == 1
    assert await journal.streams() == {"new-co": [0, 1]}


async def test_what_is_done_is_purged(journal: Journal) -> None:
    await journal.ensure_company("acme")
    for number in range(5):
        await journal.publish_up("acme", 0, batch(b"%d" % number), message_id=str(number))
    await journal.purge_up_to("acme", 0, 3)
    assert (await journal.first_seq("acme", 0), await journal.last_seq("acme", 0)) == (4, 5)
    taken = await read(journal, 2)
    assert [message.seq for message in taken] == [4, 5]


async def test_reading_goes_on_after_nats_was_killed(server: EmbeddedServer, journal: Journal) -> None:
    await journal.ensure_company("acme")
    seen: list[int] = []

    async def reader() -> None:
        async for messages in journal.consume("acme", 0, start_seq=1):
            seen.extend(message.seq for message in messages)

    task = asyncio.create_task(reader())
    async with asyncio.timeout(30):
        for number in range(60):
            if number in {20, 40}:
                os.kill(server.pid, signal.SIGKILL)
            while True:  # as a gateway does: the same id again until it is there
                try:
                    await journal.publish_up("acme", 0, batch(b"%d" % number), message_id=str(number), timeout=1)
                    break
                except UnavailableError:
                    await asyncio.sleep(0.05)
        while len(seen) < 60:  # noqa: ASYNC110  # seen by the other task
            await asyncio.sleep(0.02)
    task.cancel()
    assert seen == list(range(1, 61))
    assert server.restarts == 2


async def test_a_full_stream_takes_no_more_and_says_so(server: EmbeddedServer, tmp_path: Path) -> None:
    small = await Journal.connect(server.url, server.token, load(data=tmp_path, journal_max_bytes=1_000_000))
    await small.ensure_company("acme")
    for number in range(4):
        await small.publish_up("acme", 0, batch(os.urandom(200_000)), message_id=str(number))
    with pytest.raises(UnavailableError, match=r"maximum bytes.*Ingest has to catch up"):
        await small.publish_up("acme", 0, batch(os.urandom(300_000)), message_id="one too many")
    await small.purge_up_to("acme", 0, 3)
    await small.publish_up("acme", 0, batch(b"there is space again"), message_id="again")
    await small.close()


async def test_a_batch_above_the_largest_message_is_refused(journal: Journal) -> None:
    await journal.ensure_company("acme")
    with pytest.raises(TooLargeError, match="8000000"):
        await journal.publish_up("acme", 0, batch(bytes(8_100_000)), message_id="huge")


async def test_nats_away_is_an_error_that_names_it() -> None:
    with pytest.raises(UnavailableError, match=r"NATS at nats://127.0.0.1:1 cannot be reached.*kaido up"):
        await Journal.connect("nats://127.0.0.1:1", "", load())


async def test_a_wrong_token_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(UnavailableError, match=r"(?i)authori[sz]ation"):
        await Journal.connect(server.url, "wrong", load())


async def test_publishing_while_nats_is_away_fails_at_once(server: EmbeddedServer, journal: Journal) -> None:
    await journal.ensure_company("acme")
    await server.stop()
    while journal.connected:  # noqa: ASYNC110  # a flag of the client
        await asyncio.sleep(0.02)
    with pytest.raises(UnavailableError, match="the connection is lost"):
        await journal.publish_up("acme", 0, batch(b"x"), message_id="one")
