"""Questions over NATS: large answers in parts, errors as what they are, silence as an error that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.errors import InvalidInputError, NotFoundError, UnavailableError
from kaido.flow import twin_subject
from kaido.journal import EmbeddedServer, Journal
from kaido.runtime.settings import load
from kaido.twin import Twin, TwinClient, service
from kaido.twin.attributes import Attributes
from kaido.twin.fleet import FleetQuestions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import pyarrow as pa


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with EmbeddedServer(tmp_path) as server:
        connected = await Journal.connect(server.url, server.token, load(data=tmp_path))
        yield connected
        await connected.close()


async def test_a_large_answer_comes_whole(journal: Journal, samples: Callable[..., pa.Table]) -> None:
    twin = Twin()
    twin.add_vehicles([f"car-{n:06d}" for n in range(30_000)])
    twin.fold(samples([("car-000007", "Vehicle.A", 1, 2.5)]), 1)
    await service.serve(journal.nats, "acme", twin, FleetQuestions(twin, Attributes(twin)))
    client = TwinClient(journal.nats)
    answer = await client.fleet("acme", limit=30_000)
    assert answer["vehicle"].to_pylist() == twin.vehicles.names
    assert (await client.vehicle("acme", "car-000007"))["value"].to_pylist() == [2.5]
    with pytest.raises(NotFoundError, match="car-9"):
        await client.vehicle("acme", "car-9")
    with pytest.raises(InvalidInputError, match=r"column 1 of .*no signal 'Vehicle.B'"):
        await client.fleet("acme", "Vehicle.B > 1")
    reply = await journal.nats.request(twin_subject("acme"), b"\xff no question", timeout=30)
    assert b"no question to a twin" in reply.data


async def test_nobody_there_is_said(journal: Journal) -> None:
    with pytest.raises(UnavailableError, match="kaido status"):
        await TwinClient(journal.nats).vehicle("acme", "car")
