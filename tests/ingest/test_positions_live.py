"""Positions over the WebSocket, with ingest and its twin behind."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from kaido.api import position_frames, position_state, sockets
from kaido.company import Tokens
from kaido.flow import SAMPLE_SCHEMA, UpKind
from kaido.journal import encode_batch
from tests.ingest.test_twin_over_http import served

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from kaido.api.position_frames import Frame

    from .conftest import Plant

PATIENCE_S = 60


async def drive(plant: Plant, latitudes: dict[str, float]) -> None:
    """Vehicles are there now, at 30 km/h."""
    now = time.time_ns() // 1_000
    rows = [
        {"vehicle": vehicle, "signal": signal, "time": now, "value": value}
        for vehicle, latitude in latitudes.items()
        for signal, value in (
            (position_state.LATITUDE, latitude),
            (position_state.LONGITUDE, 139.5),
            (position_state.SPEED, 30.0),
        )
    ]
    samples = pa.RecordBatch.from_pylist(rows, SAMPLE_SCHEMA)
    await plant.publish([encode_batch(samples)], min(latitudes), kind=UpKind.FOLD)


class Map:
    """What a client knows after some frames, put together as the page of the protocol says."""

    def __init__(self, link: ClientConnection) -> None:
        self.link = link
        self.ids: list[str] = []
        self.latitudes: dict[int, float] = {}
        self.statuses: dict[int, int] = {}
        self.problem: Any = None
        self.frames: list[Frame] = []

    async def until(self, **latitudes: float) -> None:
        """Read until so many vehicles are where they are."""
        async with asyncio.timeout(PATIENCE_S):
            while self.places != {name.replace("_", "-"): place for name, place in latitudes.items()}:
                await self.read()

    @property
    def places(self) -> dict[str, float]:
        return {self.ids[index]: latitude for index, latitude in self.latitudes.items()}

    async def read(self) -> None:
        message = await self.link.recv()
        if isinstance(message, str):
            told = json.loads(message)
            self.problem = told.get("problem", self.problem)
            if "ids" in told:
                self.ids[told["from"] :] = told["ids"]
            return
        frame = position_frames.decode(message)
        assert frame.full or frame.base == self.frames[-1].tick
        self.frames.append(frame)
        for index, latitude, status in zip(
            frame.index.tolist(), frame.columns["latitude_e7"].tolist(), frame.columns["status"].tolist(), strict=True
        ):
            self.latitudes[index] = latitude / 1e7
            self.statuses[index] = status


async def read_on(link: ClientConnection) -> None:
    while True:
        await link.recv()


async def test_a_fleet_is_followed_through_a_twin_that_goes_and_comes_back(plant: Plant) -> None:
    async with served(plant) as (host, secret):
        headers = {"Authorization": f"Bearer {secret}"}
        url = f"ws://{host}/v1/live/positions"
        async with connect(url, additional_headers=headers, open_timeout=PATIENCE_S) as link:
            first = Map(link)
            async with plant.ingest():
                await drive(plant, {"car-1": 35.5})
                await first.until(car_1=35.5)
                assert first.statuses == {0: position_state.MOVING}
                await drive(plant, {"car-1": 36.0, "car-2": 10.0})
                await first.until(car_1=36.0, car_2=10.0)
                assert not first.frames[-1].full
                async with connect(url, additional_headers=headers, open_timeout=PATIENCE_S) as other:
                    late = Map(other)
                    await late.until(car_1=36.0, car_2=10.0)
                    assert late.frames[0].full
            async with asyncio.timeout(PATIENCE_S):
                while first.problem is None:
                    await first.read()
            assert "twin" in first.problem["what"]
            async with plant.ingest():
                await drive(plant, {"car-2": 11.0})
                await first.until(car_1=36.0, car_2=11.0)
                assert first.problem is None


async def test_who_may_no_longer_look_is_told_no_more(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PROOF_SECONDS", 0.1)
    async with plant.ingest(), served(plant) as (host, secret):
        await drive(plant, {"car-1": 35.5})
        async with connect(f"ws://{host}/v1/live/positions?token={secret}", open_timeout=PATIENCE_S) as link:
            await Map(link).until(car_1=35.5)
            tokens = Tokens(plant.store)
            tokens.revoke(next(one.id for one in tokens.list("acme")))
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(read_on(link), PATIENCE_S)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
