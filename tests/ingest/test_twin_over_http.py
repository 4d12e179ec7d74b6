"""The twin, the fleet and live values as a client of the API sees them, with ingest behind."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect

from kaido.api import looks
from kaido.api.app import create_app
from kaido.client import Client
from kaido.client.inprocess import InProcessTransport
from kaido.company import Tokens
from kaido.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import Plant


@asynccontextmanager
async def served(plant: Plant) -> AsyncIterator[tuple[str, str]]:
    """The API's address and a token."""
    app = create_app(plant.settings)
    secret = Tokens(plant.store).create("acme", "reader", ["read"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # pytest has its own
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", secret
        finally:
            server.should_exit = True
            await asyncio.wait_for(serving, 30)


async def get(address: tuple[str, str], path: str, *, status: int = 200, **params: Any) -> Any:
    host, secret = address
    async with httpx.AsyncClient(base_url=f"http://{host}", timeout=20) as http:
        answer = await http.get(path, params=params, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_last_values_come_with_unit_and_age(plant: Plant) -> None:
    async with plant.ingest(), served(plant) as address:
        await plant.publish([plant.payload(1, samples=2)])
        await plant.settled(2)
        answer = await get(address, "/v1/vehicles/car-1/twin")
        first, second = answer["values"]
        assert (first["signal"], first["value"], first["unit"]) == ("Vehicle.Test.S1", 1.0, "km/h")
        assert second["time"] == "2025-10-09T08:53:21.001000Z"
        assert first["age_s"] > 1_000
        does = await get(address, "/v1/vehicles/car-1/status")
        assert (does["status"], does["last_seen"]) == ("parked", first["arrival"]), "it has just been heard"
        for of in ("twin", "status"):
            problem = await get(address, f"/v1/vehicles/car-2/{of}", status=404)
            assert "car-1" in problem["fix"]


async def test_a_fleet_is_found_in_pages(plant: Plant) -> None:
    async with plant.ingest(), served(plant) as address:
        cars = [f"car-{n}" for n in range(1, 5)]
        await plant.publish([plant.payload(n, samples=1) for n in range(1, 5)], cars)
        await plant.settled(4)
        page = await get(address, "/v1/fleet", where="Vehicle.Test.S1 >= 2", limit=2)
        assert [item["vehicle"] for item in page["items"]] == ["car-2", "car-3"]
        assert page["items"][0]["values"]["Vehicle.Test.S1"]["value"] == 2.0
        page = await get(address, "/v1/fleet", where="Vehicle.Test.S1 >= 2", limit=2, after=page["next"])
        assert ([item["vehicle"] for item in page["items"]], page["next"]) == (["car-4"], None)
        page = await get(address, "/v1/fleet", where='market == "JP"', select=["Vehicle.Test.S1", "Vehicle.Speed"])
        assert page["items"][0]["values"]["Vehicle.Speed"] is None
        problem = await get(address, "/v1/fleet", where="Vehicle.Test.S0 > 1 and", status=422)
        assert "column 24" in problem["what"]


async def test_live_values_arrive_while_somebody_watches(plant: Plant) -> None:
    async with plant.ingest(), served(plant) as (host, secret):
        url = f"ws://{host}/v1/live?vehicle=car-1&signal=*.S1"
        async with connect(url, additional_headers={"Authorization": f"Bearer {secret}"}) as link:
            rows: list[dict[str, Any]] = []
            async with asyncio.timeout(60):
                for event in itertools.count():  # what comes before ingest knows of the watcher is not for it
                    await plant.publish([plant.payload(event)], "car-2")
                    await plant.publish([plant.payload(event)])
                    with contextlib.suppress(TimeoutError):
                        rows = json.loads(await asyncio.wait_for(link.recv(), 0.3))
                        break
            assert {(row["vehicle"], row["signal"]) for row in rows} == {("car-1", "Vehicle.Test.S1")}
            assert 0 <= rows[-1]["value"] <= event


async def test_who_watches_positions_is_on_record(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "BRANCH", "Vehicle.Test")  # the plant's cars say nothing else
    async with plant.ingest(), served(plant) as address:
        url = f"ws://{address[0]}/v1/live?vehicle=car-1&signal=*.S1"
        async with (
            asyncio.timeout(60),
            connect(url, additional_headers={"Authorization": f"Bearer {address[1]}"}) as link,
        ):
            for event in itertools.count():
                await plant.publish([plant.payload(event)])
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(link.recv(), 0.3)
                    break
            (begun,) = (await get(address, "/v1/audit"))["items"]
        async with asyncio.timeout(60):
            while len(rows := (await get(address, "/v1/audit"))["items"]) < 2:  # noqa: ASYNC110  # the server learns of the end in time
                await asyncio.sleep(0.05)
        watched = {"view": "live", "vehicle": ["car-1"], "signal": ["*.S1"]}
        assert (begun["who"], begun["what"], begun["details"]) == ("reader", "position.look", watched)
        assert rows[0]["details"] == {**watched, "watched_s": rows[0]["details"]["watched_s"]}


async def test_who_watches_closely_gets_every_sample(plant: Plant) -> None:
    async with plant.ingest(), served(plant) as (host, secret):
        url = f"ws://{host}/v1/live?every=true&vehicle=car-1&signal=*.S1"
        async with connect(url, additional_headers={"Authorization": f"Bearer {secret}"}) as link:
            values: list[float] = []
            async with asyncio.timeout(60):
                for event in itertools.count():
                    # In one batch: of these the newest would be one.
                    await plant.publish([plant.payload(3 * event + part) for part in range(3)], "car-1")
                    await plant.publish([plant.payload(event)], "car-2")
                    with contextlib.suppress(TimeoutError):
                        values += [row["value"] for row in json.loads(await asyncio.wait_for(link.recv(), 0.3))]
                    if len(values) >= 3:
                        break
            assert values == [values[0] + number for number in range(len(values))]


async def test_a_bare_folder_answers_from_the_disk(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([plant.payload(3, samples=1)])
        await plant.settled(1)

    def ask() -> None:
        transport = InProcessTransport(create_app(plant.settings, embedded=True))
        with Client("http://in-process", transport=transport) as client:
            assert client.get("/v1/vehicles/car-1/twin")["values"][0]["value"] == 3.0
            (found,) = client.get("/v1/fleet", {"where": "Vehicle.Test.S1 > 2 and model == 'leaf'"})["items"]
            assert found["vehicle"] == "car-1"
            with pytest.raises(NotFoundError, match="car-1"):
                client.get("/v1/vehicles/car-2/twin")
            with pytest.raises(InvalidInputError, match=r"no signal 'Vehicle.Test.S11'"):
                client.get("/v1/fleet", {"where": "Vehicle.Test.S11 > 2"})
        transport.close()

    await asyncio.to_thread(ask)
