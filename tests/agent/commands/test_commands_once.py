"""A command is carried out once, whatever is sent again and whatever is killed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kaido.agent.commands.ledger import FullError, Ledger
from kaido.errors import UnavailableError
from tests.agent.commands.conftest import Response, Site, request

if TYPE_CHECKING:
    from pathlib import Path


async def test_sent_again_it_is_answered_again(site: Site) -> None:
    payload = request()
    await site.ask(payload)
    site.send(payload)
    again = await site.response(number=2)
    assert again == site.responses()[0]
    assert len(site.recorder.orders) == 1


async def test_sent_again_while_it_is_at_work_changes_nothing(site: Site) -> None:
    site.recorder.gate.clear()
    payload = request()
    site.send(payload)
    site.send(payload)
    await site.until(lambda: site.counted("again") == 1)
    site.recorder.gate.set()
    assert (await site.response()).status == Response.SUCCEEDED
    await asyncio.sleep(0.05)
    assert len(site.responses()) == len(site.recorder.orders) == 1


async def test_another_content_under_an_old_id_is_not_carried_out(site: Site) -> None:
    await site.ask(request(value=True))
    site.send(request(value=False))
    assert (await site.response(number=2)).status == Response.SUCCEEDED
    assert site.recorder.values == [True]


async def test_after_a_restart_it_is_still_known(site: Site) -> None:
    payload = request()
    await site.ask(payload)
    await site.stop()
    await site.start()
    site.send(payload)
    assert await site.response(number=2) == site.responses()[0]
    assert len(site.recorder.orders) == 1


async def test_what_the_end_of_the_agent_interrupted_failed_and_is_not_tried_again(site: Site) -> None:
    site.recorder.gate.clear()
    payload = request()
    site.send(payload)
    await site.until(lambda: bool(site.recorder.orders))
    await site.stop()
    await site.start()
    answer = await site.response()
    assert (answer.status, answer.reason_code) == (Response.EXECUTION_FAILED, 13)
    assert "may have been done" in answer.reason_description
    site.send(payload)
    await site.until(lambda: len(site.responses()) >= 2)
    assert len(site.recorder.orders) == 1


async def test_an_answer_given_while_there_is_no_link_is_given_later(site: Site) -> None:
    site.recorder.gate.clear()
    site.send(request())
    await site.until(lambda: bool(site.recorder.orders))
    for connection in list(site.broker.connections):
        connection.drop()
    site.recorder.gate.set()
    assert (await site.response()).status == Response.SUCCEEDED


async def test_an_end_that_may_not_be_in_the_outbox_is_told_at_the_next_start(resting: Site) -> None:
    resting.config.state.mkdir()
    ledger = Ledger(resting.config.state / "commands.db")
    ledger.begin("c1", 0, 10)
    ledger.end("c1", Response(command_id="c1", status=Response.SUCCEEDED).SerializeToString())
    ledger.close()
    await resting.start()
    assert (await resting.response()).status == Response.SUCCEEDED


def test_the_first_end_stays(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.db")
    ledger.begin("c1", 0, 10)
    assert ledger.unfinished() == ["c1"]
    assert ledger.end("c1", b"first")
    assert not ledger.end("c1", b"second")
    assert ledger.untold() == [("c1", b"first")]
    ledger.told("c1")
    assert not ledger.untold()
    assert not ledger.unfinished()
    found = ledger.find("c1")
    assert found is not None
    assert found.response == b"first"
    ledger.close()


def test_only_what_expired_and_was_told_is_forgotten(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.db", most=4)
    for name, expires in (("old", 5), ("told late", 50), ("not told", 5), ("at work", 5)):
        ledger.begin(name, 0, expires)
    for name in ("old", "told late", "not told"):
        ledger.end(name, b"")
    for name in ("old", "told late"):
        ledger.told(name)
    ledger.begin("new", 10, 20)
    assert ledger.find("old") is None
    with pytest.raises(FullError):
        ledger.begin("newer", 10, 20)
    assert all(ledger.find(name) for name in ("told late", "not told", "at work", "new"))
    ledger.close()


def test_a_damaged_ledger_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    path.write_bytes(b"no database" * 1_000)
    ledger = Ledger(path)
    ledger.begin("c1", 0, 1)
    ledger.close()
    assert [one.name.partition("-")[0] for one in tmp_path.glob("l.db.*")] == ["l.db.damaged"]


def test_a_ledger_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be opened"):
        Ledger(tmp_path / "missing" / "l.db")
