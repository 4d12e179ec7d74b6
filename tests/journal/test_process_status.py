"""Every process answers for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.flow import STATUS_SUBJECT
from kaido.journal import Journal, gather_status, serve_status
from kaido.runtime.status import Report

if TYPE_CHECKING:
    from nats.aio.msg import Msg


async def test_reports_of_all_processes_are_gathered(journal: Journal) -> None:
    gateway, ingest = Report("gateway"), Report("ingest")
    await serve_status(journal.nats, ingest)
    await serve_status(journal.nats, gateway)
    gateway.count("refused_total", reason="revoked")
    ingest.problem("lake", "the disk is full")
    first, second = await gather_status(journal.nats)
    assert first["component"] == "gateway"
    assert first["counters"] == {'refused_total{reason="revoked"}': 1}
    assert second["problems"] == {"lake": "the disk is full"}


async def test_nobody_answers(journal: Journal) -> None:
    assert await gather_status(journal.nats, timeout=0.3) == []


async def test_nonsense_among_the_answers_is_left_out(journal: Journal) -> None:
    async def answer(message: Msg) -> None:
        await message.respond(b"\xff{")

    await journal.nats.subscribe(STATUS_SUBJECT, cb=answer)
    await serve_status(journal.nats, Report("api"))
    assert [report["component"] for report in await gather_status(journal.nats)] == ["api"]
