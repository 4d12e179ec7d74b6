"""``/v1/imports``: jobs, their progress, their refusals, and going on after a stop."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.flow import SAMPLE_SCHEMA, UpKind
from kaido.journal import EmbeddedServer, decode_batch
from kaido.runtime.settings import load
from kaido.twin import offline
from tests.databases import migrated
from tests.recordings.conftest import FRAMES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kaido.catalog import DecoderManifest

SHORT = b"(1700000000.000001) can0 100#E803050000000000\nwhat is this\n(1700000000.000002) can0 7FF#\n"


class World:
    """An application on a folder, with a company, a vehicle and its manifest."""

    def __init__(self, folder: Path, http: httpx.AsyncClient, rooms: Services) -> None:
        self.folder = folder
        self.http = http
        self.rooms = rooms

    async def ask(self, method: str, path: str, status: int = 200, **how: Any) -> Any:
        answer = await self.http.request(method, f"/v1/imports{path}", **how)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def done(self, identifier: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            job: dict[str, Any] = await self.ask("GET", f"/{identifier}")
            if job["state"] in {"done", "failed"}:
                return job
            await asyncio.sleep(0.02)
        raise AssertionError(f"the import did not end: {job}")


@asynccontextmanager
async def serve(folder: Path, manifest: DecoderManifest, *, embedded: bool = True) -> AsyncIterator[World]:
    migrated(folder / "kaido.db")
    app = create_app(load(data=folder, api_upload_bytes=50_000_000), embedded=embedded)
    async with app.router.lifespan_context(app):
        rooms = Services.of(app)
        headers = {}
        if not [company for company in rooms.companies.list() if company.name == "acme"]:
            rooms.companies.create("acme")
            rooms.vehicles.register("acme", "car-1")
            rooms.catalog.save_manifest("acme", manifest)
        if not embedded:
            secret = rooms.tokens.create("acme", f"test-{time.monotonic_ns()}", ["read", "write"])
            headers["Authorization"] = f"Bearer {secret}"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://kaido", headers=headers) as http:
            yield World(folder, http, rooms)


async def _emptied(folder: Path) -> None:
    """A job lets go of its recording right after it said that it is done."""
    for _ in range(600):
        if not os.listdir(folder):  # noqa: PTH208  # a test may wait for its disk
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{os.listdir(folder)} is left")  # noqa: PTH208  # as above


@pytest.fixture
async def world(tmp_path: Path, manifest: DecoderManifest) -> AsyncIterator[World]:
    async with serve(tmp_path / "data", manifest) as made:
        yield made


@pytest.fixture
def log_bytes(long_log: Path) -> bytes:
    return long_log.read_bytes()


async def test_a_recording_is_imported(world: World, manifest: DecoderManifest) -> None:
    made = await world.ask("POST", "?vehicle=car-1&file=drive.log", 202, content=SHORT)
    job = await world.done(made["id"])
    assert job["state"] == "done"
    assert job["manifest"] == manifest.sync_id
    result = job["result"]
    assert (result["frames"], result["decoded"], result["unknown"], result["damaged"]) == (2, 1, 1, 1)
    assert result["damaged_lines"] == [
        {"number": 2, "reason": "'what is this' is not (time) interface identifier#data"}
    ]
    assert result["samples_written"] == 2
    await _emptied(world.folder / "tmp")
    assert [one["id"] for one in (await world.ask("GET", ""))["items"]] == [made["id"]]


async def test_the_twin_gets_the_newest_values(world: World) -> None:
    made = await world.ask("POST", "?vehicle=car-1", 202, content=SHORT)
    await world.done(made["id"])
    table = offline.vehicle(world.rooms.settings, "acme", "car-1")
    values = dict(zip(table["signal"].to_pylist(), table["value"].to_pylist(), strict=True))
    assert values == {"Vehicle.Speed": 10.0, "Vehicle.Odometer": 5.0}


async def test_the_same_recording_again_changes_nothing(world: World) -> None:
    for already in (False, True, True):
        made = await world.ask("POST", "?vehicle=car-1", 202, content=SHORT)
        job = await world.done(made["id"])
        assert job["result"]["already_imported"] is already
    assert world.rooms.lake("acme").statistics()["signals"]["rows"] == 2
    assert len((await world.ask("GET", "?limit=2"))["items"]) == 2


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?vehicle=car-2", 404, ["car-2", "car-1", "kaido vehicle register car-2"]),
        ("?vehicle=car-1&manifest=kar", 404, ["kar", "car"]),
        ("?vehicle=car-1&kind=candmp", 404, ["candmp", "candump"]),
        ("?vehicle=car-1&start=2024-05-01T12:00", 422, ["zone"]),
        ("?vehicle=car-1&start=yesterday", 422, ["start"]),
        ("", 422, ["vehicle"]),
    ],
)
async def test_what_cannot_be_is_refused(world: World, query: str, status: int, words: list[str]) -> None:
    problem = await world.ask("POST", query, status, content=SHORT)
    assert all(word in str(problem) for word in words), problem
    assert not (world.folder / "tmp").exists() or not list((world.folder / "tmp").iterdir())


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", bytes(100), b'{"a": 1}\n'])
async def test_what_is_no_recording_is_refused(world: World, content: bytes) -> None:
    problem = await world.ask("POST", "?vehicle=car-1&file=odd.bin", 422, content=content)
    assert "odd.bin" in problem["what"]
    assert "candump" in problem["fix"]


async def test_what_is_too_large_is_refused(world: World) -> None:
    problem = await world.ask("POST", "?vehicle=car-1", 413, content=bytes(50_000_001))
    assert "50000000" in problem["why"]


async def test_a_vehicle_without_a_manifest(world: World, manifest: DecoderManifest) -> None:
    world.rooms.catalog.save_manifest("acme", type(manifest).of("other", manifest.signals))
    problem = await world.ask("POST", "?vehicle=car-1", 404, content=SHORT)
    assert "--dbc" in problem["fix"]
    made = await world.ask("POST", "?vehicle=car-1&manifest=other", 202, content=SHORT)
    assert (await world.done(made["id"]))["manifest"].startswith("other@")


async def test_an_import_that_is_not_there(world: World) -> None:
    assert "nix" in (await world.ask("GET", "/nix", 404))["what"]


async def test_several_at_once(world: World) -> None:
    made = [
        await world.ask("POST", "?vehicle=car-1", 202, content=SHORT.replace(b"00.0", f"{n:02}.0".encode()))
        for n in range(5)
    ]
    jobs = [await world.done(one["id"]) for one in made]
    assert [job["state"] for job in jobs] == ["done"] * 5
    assert world.rooms.lake("acme").statistics()["signals"]["rows"] == 10


async def test_a_stopped_platform_goes_on(tmp_path: Path, manifest: DecoderManifest, log_bytes: bytes) -> None:
    async with serve(tmp_path / "data", manifest, embedded=False) as before:
        made = await before.ask("POST", "?vehicle=car-1", 202, content=log_bytes)
        await asyncio.sleep(0.05)
    async with serve(tmp_path / "data", manifest, embedded=False) as after:
        job = await after.done(made["id"])
        assert job["state"] == "done"
        assert job["result"]["frames"] == FRAMES
        assert after.rooms.lake("acme").statistics()["signals"]["rows"] == job["result"]["samples"]
        assert any("twin" in note for note in job["result"]["notes"]), "NATS is away"


async def test_a_job_whose_recording_is_lost_fails(tmp_path: Path, manifest: DecoderManifest, log_bytes: bytes) -> None:
    async with serve(tmp_path / "data", manifest, embedded=False) as before:
        made = await before.ask("POST", "?vehicle=car-1", 202, content=log_bytes)
        await asyncio.sleep(0.05)
    unfinished = list((tmp_path / "data" / "tmp").iterdir())  # a test may wait for its disk
    for scratch in unfinished:
        scratch.unlink()
    async with serve(tmp_path / "data", manifest, embedded=False) as after:
        job = await after.done(made["id"])
        assert job["state"] == ("failed" if unfinished else "done")


async def test_the_newest_values_go_through_the_journal(
    tmp_path: Path, manifest: DecoderManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server:
        monkeypatch.setenv("KAIDO_NATS_URL", server.url)
        monkeypatch.setenv("KAIDO_NATS_TOKEN", server.token)
        async with serve(tmp_path / "data", manifest, embedded=False) as world:
            made = await world.ask("POST", "?vehicle=car-1", 202, content=SHORT)
            assert (await world.done(made["id"]))["result"]["notes"] == []
            journal = world.rooms.journal
            assert journal is not None
            messages = await asyncio.wait_for(anext(journal.consume("acme", 0, start_seq=1)), 30)
    (row,) = decode_batch(messages[0].data).to_pylist()
    assert (row["vehicle"], row["kind"]) == ("car-1", UpKind.FOLD)
    samples = decode_batch(row["payload"], SAMPLE_SCHEMA).to_pylist()
    assert {sample["signal"]: sample["value"] for sample in samples} == {"Vehicle.Speed": 10.0, "Vehicle.Odometer": 5.0}
