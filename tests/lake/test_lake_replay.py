"""Quarantined payloads go back through the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa
import pytest

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.flow import QUARANTINE_SCHEMA, UpKind
from kaido.journal import EmbeddedServer, decode_batch
from kaido.journal.replays import Replay, unwrap
from kaido.lake import Lake
from kaido.runtime.settings import load
from tests.lake.samples import NOON, quarantined

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass
class Platform:
    services: Services
    http: httpx.AsyncClient


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with EmbeddedServer(tmp_path / "nats") as server:
        app = create_app(load(data=tmp_path, nats_url=server.url, nats_token=server.token, partitions=2))
        async with app.router.lifespan_context(app):
            found = Services.of(app)
            found.companies.create("acme")
            token = found.tokens.create("acme", "test", ("read", "write"))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://kaido", headers={"Authorization": f"Bearer {token}"}
            ) as http:
                yield Platform(found, http)


async def published(platform: Platform) -> list[dict[str, Any]]:
    journal = platform.services.journal
    assert journal is not None
    rows: list[dict[str, Any]] = []
    for partition in range(2):
        last = await journal.last_seq("acme", partition)
        if not last:
            continue
        async for messages in journal.consume("acme", partition, start_seq=1):
            for message in messages:
                rows += decode_batch(message.data).to_pylist()
            if messages and messages[-1].seq >= last:
                break
    return rows


async def test_all_go_back_and_leave_quarantine(platform: Platform, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", "acme")
    rows = quarantined([f"q{n}" for n in range(250)], payload=b"payload")
    lake.quarantine(rows, app_id="test", version=1)
    answer = await platform.http.post("/v1/quarantine/replay", json={"all": True})
    assert answer.json() == {"replayed": 250, "kept": 0}
    assert lake.quarantined().num_rows == 0
    found = await published(platform)
    assert len(found) == 250
    assert {row["arrival"] for row in found} == {NOON + timedelta(microseconds=n) for n in range(250)}
    assert {(row["vehicle"], row["kind"]) for row in found} == {("car-1", int(UpKind.REPLAY))}
    wrapped = {unwrap(row["payload"]) for row in found}
    assert wrapped == {Replay(UpKind.SIGNALS, f"q{n}", b"payload") for n in range(250)}


async def test_those_named_go_back_and_what_no_vehicle_sent_stays(platform: Platform, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", "acme")
    rows = quarantined(["q0", "q1", "q2"]).to_pylist()
    rows[1] |= {"vehicle": "", "kind": 0}
    table = pa.Table.from_pylist(rows, QUARANTINE_SCHEMA)
    lake.quarantine(table, app_id="test", version=1)
    answer = await platform.http.post("/v1/quarantine/replay", json={"ids": ["q0", "q1", "gone"]})
    assert answer.json() == {"replayed": 1, "kept": 1}
    assert sorted(lake.quarantined_ids()) == ["q1", "q2"]
    assert len(await published(platform)) == 1


async def test_a_name_that_is_not_in_quarantine_is_said_to_be_none(platform: Platform) -> None:
    for what in ("replay", "drop"):
        answer = await platform.http.post(f"/v1/quarantine/{what}", json={"ids": ["nope"]})
        assert answer.status_code == 404
        assert answer.json()["what"] == "no payload 'nope' in quarantine"
