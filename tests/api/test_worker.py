"""The real server: a socket, uvicorn, NATS beside it."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kaido.api import services as services_module
from kaido.api.worker import run
from kaido.company import Tokens
from kaido.errors import UnavailableError
from kaido.flow import IDENTITY_SUBJECT
from kaido.journal import EmbeddedServer, gather_status
from kaido.journal.connection import connect
from kaido.runtime.settings import Settings, load
from kaido.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOKEN = "dGhpcyBpcyBhIHRlc3Qgb25seQ"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    store = Store.open(settings.database)
    secret = Tokens(store).create(None, "ops", ["read", "write", "admin"])
    store.close()
    stop = asyncio.Event()
    serving = asyncio.create_task(run(settings, stop))
    headers = {"Authorization": f"Bearer {secret}"}
    base = f"http://127.0.0.1:{settings.api_port}"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as http:  # a busy machine is no error
        try:
            await _until(http, "version")
            yield http
        finally:
            stop.set()
            await asyncio.wait_for(serving, 30)


async def _until(http: httpx.AsyncClient, key: str, value: str = "") -> dict[str, Any]:
    """The health, once it has this."""
    async with asyncio.timeout(30):
        while True:
            try:
                health: dict[str, Any] = (await http.get("/v1/health")).json()
            except httpx.HTTPError:
                health = {}
            if key in health and value in health[key]:
                return health
            await asyncio.sleep(0.05)


async def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    settings = load(data=tmp_path, api_port=_free_port())
    async with _served(settings) as http:
        assert (await http.post("/v1/companies", json={"name": "acme"})).status_code == 201
        assert (await http.get("/v1/vehicles")).json() == {"items": [], "next": None}
        assert (await http.get("/v1/health")).json()["journal"] == "away"
        left = httpx.AsyncClient(base_url=http.base_url)
    async with left:
        with pytest.raises(httpx.ConnectError):
            await left.get("/v1/health")


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = load(data=tmp_path, api_port=taken.getsockname()[1])
        with pytest.raises(UnavailableError, match=f":{settings.api_port}") as caught:
            await run(settings, asyncio.Event())
    assert "KAIDO_API_PORT" in caught.value.fix


async def test_a_database_that_is_away_is_named(tmp_path: Path) -> None:
    url = f"postgresql://kaido@127.0.0.1:{_free_port()}/kaido"
    with pytest.raises(UnavailableError, match="PostgreSQL runs"):
        await run(load(data=tmp_path, api_port=0, database_url=url), asyncio.Event())


async def test_nats_may_come_later_and_then_changes_are_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_module, "_RECONNECT_SECONDS", 0.1)
    port = _free_port()
    settings = load(data=tmp_path, api_port=_free_port(), nats_url=f"nats://127.0.0.1:{port}", nats_token=TOKEN)
    async with _served(settings) as http:
        assert (await http.get("/v1/health")).json()["status"] == "degraded"
        await http.post("/v1/companies", json={"name": "acme"})
        async with EmbeddedServer(tmp_path / "nats", port=port, token=TOKEN) as server:
            assert (await _until(http, "journal", "ok"))["status"] == "ok"
            nats = await connect(server.url, server.token)
            heard = await nats.subscribe(IDENTITY_SUBJECT)
            await nats.flush()
            await http.post("/v1/vehicles", json={"id": "car-1"})
            await http.post("/v1/vehicles/car-1/revoke")
            announced = [json.loads((await heard.next_msg(timeout=10)).data) for _ in range(2)]
            assert announced == [
                {"company": "acme", "vehicle": "car-1", "change": "registered"},
                {"company": "acme", "vehicle": "car-1", "change": "revoked"},
            ]
            assert "api" in {report["component"] for report in await gather_status(nats)}
            await nats.close()


@pytest.mark.parametrize("proxies", ["", "127.0.0.1", "192.0.2.1"])
async def test_what_a_proxy_says_counts_where_it_is_named(tmp_path: Path, proxies: str) -> None:
    settings = load(data=tmp_path, api_port=_free_port(), api_proxies=proxies)
    async with _served(settings) as http:
        await http.post("/v1/companies", json={"name": "acme"})
        wish = {"name": "hanako", "password": "koi-pond-lantern-74"}
        made = await http.post("/v1/users", json={**wish, "role": "viewer"})
        assert made.status_code == 201, made.text
        said = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        entered = await http.post("/v1/session", json=wish, headers=said)
        (row,) = [one for one in (await http.get("/v1/audit")).json()["items"] if one["what"] == "session-sign-in"]
    counts = proxies == "127.0.0.1"
    assert ("Secure" in entered.headers["set-cookie"]) == counts
    assert row["details"]["address"] == ("203.0.113.9" if counts else "127.0.0.1")
