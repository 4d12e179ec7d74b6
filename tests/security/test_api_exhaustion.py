"""Callers who want the API's memory, threads or time for themselves."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from kaido.api import sockets, turns
from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.api.worker import _Server
from kaido.journal import EmbeddedServer
from kaido.lake import query
from kaido.runtime.settings import load
from kaido.twin.where.evaluate import Number, evaluate
from kaido.twin.where.parse import MAX_OPERATORS, parse
from kaido.twin.where.tokens import MAX_CHARACTERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import World

SLOW = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b"


async def test_slow_questions_leave_threads_for_everybody_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than the API has threads, from one reader: the others are answered meanwhile."""
    monkeypatch.setattr(turns, "WAIT_SECONDS", 1.0)
    world.services.settings = world.services.settings.model_copy(update={"query_seconds": 5.0})
    reader = world.caller("a", "read")
    slow = [asyncio.create_task(reader.raw("POST", "/sql", json={"sql": SLOW})) for _ in range(60)]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(30):
        for _ in range(10):
            await world.b.ask("GET", "/vehicles")
            await world.nobody.ask("GET", "/health")
    answers = [done.result() for done in (await asyncio.wait(slow, timeout=60))[0]]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) >= 50
    assert refused[0].json()["what"] == "too many queries run already"
    assert {answer.status_code for answer in answers} <= {503, 413}  # 413: it ran, and longer than it may


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 1_000_000,
        b'{"a":' * 500_000,
        b'{"sql": "SELECT 1", "limit": ' + b"1" * 100_000 + b"}",
        b'{"sql": "' + b"\\u0000" * 100_000 + b'"}',
        b"\xff" * 100_000,
    ],
    ids=["deep list", "deep object", "long number", "zeros", "no UTF-8"],
)
async def test_json_that_is_meant_to_hurt(world: World, content: bytes) -> None:
    response = await world.a.raw("POST", "/sql", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 413, 422}
    assert len(response.content) < 1_000


@pytest.mark.parametrize(
    ("sql", "status"),
    [
        ("SELECT 1 " + " " * query.SQL_CHARACTERS, 422),
        ("SELECT " + "(" * 20_000 + "1" + ")" * 20_000, 422),
        ("SELECT " + "+".join("1" * 40_000), 422),
        ("SELECT " + "NOT " * 20_000 + "true", 422),
    ],
    ids=["long", "parentheses", "operators", "NOT"],
)
async def test_sql_that_is_meant_to_hurt(world: World, sql: str, status: int) -> None:
    response = await world.a.raw("POST", "/sql", json={"sql": sql})
    assert response.status_code in {200, status, 413}, response.text[:300]
    assert len(response.content) < 2_000
    await world.a.ask("POST", "/sql", json={"sql": "SELECT 1"})


@pytest.mark.parametrize(
    "where",
    [
        "A.b > 1" + " " * MAX_CHARACTERS,
        "(" * (MAX_OPERATORS + 1) + "A.b > 1" + ")" * (MAX_OPERATORS + 1),
        "not " * 4_000 + "A.b",
        " and ".join(["A.b > 1"] * 200),
        '"' + "\\" * 15_000,
    ],
    ids=["long", "deep", "not", "wide", "open text"],
)
async def test_conditions_that_are_meant_to_hurt(tmp_path: Path, where: str) -> None:
    app = create_app(load(data=tmp_path), embedded=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kaido") as http,
    ):
        Services.of(app).companies.create("a")
        response = await http.get("/v1/fleet", params={"where": where})
        assert response.status_code == 422
        assert len(response.content) < 1_000


async def test_a_watcher_whose_token_ends_watches_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PROOF_SECONDS", 0.1)
    async with EmbeddedServer(tmp_path / "nats") as nats:
        app = create_app(load(data=tmp_path, nats_url=nats.url, nats_token=nats.token))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with app.router.lifespan_context(app):
                rooms = Services.of(app)
                rooms.companies.create("a")
                secret = rooms.tokens.create("a", "watcher", ["read"])
                server = _Server(uvicorn.Config(app, lifespan="off", log_config=None))
                serving = asyncio.create_task(server.serve(sockets=[listener]))
                async with connect(f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/live?token={secret}") as link:
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(link.recv(), 0.5)
                    rooms.tokens.revoke(rooms.tokens.list("a")[0].id)
                    with pytest.raises(ConnectionClosed) as closed:
                        await asyncio.wait_for(link.recv(), 30)
                    assert closed.value.rcvd is not None
                    assert closed.value.rcvd.code == 1008
                    assert secret not in closed.value.rcvd.reason
                server.should_exit = True
                await asyncio.wait_for(serving, 30)


class Fleet:
    """A hundred vehicles, and how often their columns were read."""

    size = 100

    def __init__(self) -> None:
        self.reads = 0

    def numbers(self, path: str) -> Number:  # noqa: ARG002  # the protocol's signature
        self.reads += 1
        return Number(np.arange(100.0), np.ones(100, bool))

    ages = numbers

    def texts(self, path: str) -> None:
        """There are none."""


def test_a_long_list_is_one_pass_over_the_fleet() -> None:
    """The twin is locked meanwhile, and ingest waits for it."""
    fleet = Fleet()
    numbers = ", ".join(str(number) for number in range(0, 6_000, 2))
    assert evaluate(parse(f"Vehicle.Speed in ({numbers})"), fleet).tolist() == [n % 2 == 0 for n in range(100)]
    assert fleet.reads == 1
