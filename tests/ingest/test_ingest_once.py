"""Every payload is in the lake once, through duplicates, restarts, kills and a journal that comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kaido.errors import UnavailableError
from kaido.journal import gather_status
from kaido.runtime import settings as settings_module
from kaido.twin import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Plant


async def twin_values(plant: Plant, vehicle: str = "car-1") -> dict[str, tuple[int, float]]:
    rows = await plant.twin.vehicle(plant.company, vehicle)
    times = rows["time"].cast(pa.int64()).to_pylist()
    return dict(zip(rows["signal"].to_pylist(), zip(times, rows["value"].to_pylist(), strict=True), strict=True))


def fold_of_lake(plant: Plant, vehicle: str = "car-1") -> dict[str, tuple[int, float]]:
    newest: dict[str, tuple[int, float]] = {}
    rows = plant.rows()
    times = rows["time"].cast(pa.int64()).to_pylist()
    for name, path, time, value in zip(
        rows["vehicle"].to_pylist(), rows["signal"].to_pylist(), times, rows["value"].to_pylist(), strict=True
    ):
        if name == vehicle:
            newest[path] = max(newest.get(path, (0, 0.0)), (time, value))
    return newest


async def test_samples_reach_the_lake_and_the_twin(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([plant.payload(1), plant.payload(2)])
        rows = await plant.settled(10)
        assert plant.counted() == plant.expected([1, 2])
        assert set(rows["campaign"].to_pylist()) == {"all@1"}
        assert sorted(set(rows["event"].to_pylist())) == [1, 2]
        assert await twin_values(plant) == fold_of_lake(plant)


async def test_a_payload_that_is_sent_again_counts_once(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([plant.payload(1), plant.payload(1), plant.payload(2)])
        await plant.publish([plant.payload(2), plant.payload(1), plant.payload(3)])
        await plant.publish([plant.payload(1)], vehicle="car-2")
        await plant.settled(20)
        assert plant.counted() == plant.expected([1, 2, 3]) + plant.expected([1], "car-2")


async def test_a_restart_repeats_nothing_and_still_knows_what_came(plant: Plant) -> None:
    for start in (1, 11):
        async with plant.ingest():
            await plant.publish([plant.payload(n) for n in range(start, start + 10)])
            await plant.settled(5 * (start + 9))
    async with plant.ingest():
        await plant.publish([plant.payload(20), plant.payload(21)])  # 20 again: the first copy is in the snapshot
        await plant.settled(105)
        assert plant.counted() == plant.expected(range(1, 22))
        assert await plant.journal.first_seq(plant.company, 0) == 3  # behind the snapshot it is forgotten


async def test_without_its_snapshot_the_twin_comes_back(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([plant.payload(n) for n in range(1, 4)])
        await plant.settled(15)
    for damage in (b"nonsense", b""):
        snapshot.path(plant.settings, plant.company).write_bytes(damage)
        async with plant.ingest():
            assert await twin_values_soon(plant) == fold_of_lake(plant)
            assert plant.counted() == plant.expected([1, 2, 3])


async def twin_values_soon(plant: Plant) -> dict[str, tuple[int, float]]:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(UnavailableError):  # while ingest starts
                return await twin_values(plant)
            await asyncio.sleep(0.05)


async def test_nats_may_be_killed_in_mid_flow(plant: Plant) -> None:
    async with plant.ingest():
        for number in range(1, 31):
            if number % 10 == 0:
                os.kill(plant.server.pid, signal.SIGKILL)
            while True:
                try:
                    await plant.publish([plant.payload(number)])
                    break
                except UnavailableError:
                    await asyncio.sleep(0.05)
        await plant.settled(150)
        assert plant.counted() == plant.expected(range(1, 31))


async def test_ingest_may_be_killed_in_mid_flow(plant: Plant) -> None:
    chance = random.Random(7)
    environment = os.environ | settings_module.environment(
        plant.settings.model_copy(update={"snapshot_seconds": 0.4, "ingest_batch_ms": 5.0})
    )
    sent = 0
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kaido.platform.child", "ingest", env=environment, stderr=asyncio.subprocess.DEVNULL
        )
        before = len(await asyncio.to_thread(plant.rows))
        for _ in range(chance.randint(3, 10)):  # kills hit other moments when the machine is slow: any will do
            events = range(sent + 1, sent + 8)
            again = [plant.payload(event) for event in events if chance.random() < 0.3]
            await plant.publish([*map(plant.payload, events), *again])
            sent += 7
            await plant.settled(before + 1, seconds=60)
            await asyncio.sleep(chance.random() / 10)
        process.kill()
        await process.wait()
    async with plant.ingest():
        await plant.settled(5 * sent)
        await plant.publish([plant.payload(sent)])
        await asyncio.sleep(0.3)
        assert plant.counted() == plant.expected(range(1, sent + 1))
        assert await twin_values(plant) == fold_of_lake(plant)


async def test_a_journal_that_was_lost_and_made_again_is_read_from_its_beginning(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([plant.payload(n) for n in range(1, 4)])
        await plant.settled(15)
        await plant.journal.nats.request(f"$JS.API.STREAM.DELETE.up-{plant.company}-0", b"")
        for number in range(4, 9):
            await plant.publish([plant.payload(number)])
        os.kill(plant.server.pid, signal.SIGKILL)  # the reader has to look again
        await plant.settled(40)
        assert plant.counted() == plant.expected(range(1, 9))


async def test_several_partitions_make_one_twin(plant: Plant) -> None:
    settings = plant.settings.model_copy(update={"partitions": 3})
    plant.settings = settings
    plant.journal._settings = settings
    async with plant.ingest():
        for partition in range(3):
            await plant.publish([plant.payload(1)], f"car-{partition}", partition=partition)
        await plant.settled(15)
        fleet = await plant.twin.fleet(plant.company, "Vehicle.Test.S1 == 1")
        assert fleet["vehicle"].to_pylist() == ["car-0", "car-1", "car-2"]


async def test_a_company_that_comes_later_is_picked_up(plant: Plant) -> None:
    from kaido.catalog.store import CatalogStore  # noqa: PLC0415  # only here
    from kaido.company import Companies  # noqa: PLC0415

    async with plant.ingest():
        await asyncio.to_thread(Companies(plant.store, plant.settings).create, "later")
        CatalogStore(plant.store).save_manifest("later", plant.manifest)
        plant.company = "later"
        await plant.publish([plant.payload(1)])
        await plant.settled(5)
        assert plant.counted() == plant.expected([1])


async def test_a_second_ingest_waits_for_the_first(plant: Plant) -> None:
    async with plant.ingest(), plant.ingest():
        for number in range(1, 21):
            await plant.publish([plant.payload(number)])
        await plant.settled(100)
        await asyncio.sleep(0.3)
        assert plant.counted() == plant.expected(range(1, 21))


async def test_while_the_lake_cannot_be_written_everything_waits(plant: Plant) -> None:
    plant.settings.lake.write_text("a file where the folder should be")
    async with plant.ingest():
        await plant.publish([plant.payload(1)])
        report = await reported(plant, lambda one: "the lake of acme" in one["problems"])
        assert "waits in the journal" in report["problems"]["the lake of acme"]
        await plant.publish([plant.payload(2)])
        plant.settings.lake.unlink()
        await plant.settled(10)
        assert plant.counted() == plant.expected([1, 2])
        report = await reported(plant, lambda one: one["counters"].get('values_total{company="acme"}') == 10)
        assert report["problems"] == {}


async def reported(plant: Plant, shows: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """What ingest says of itself, as soon as it shows this: it counts a moment after the lake has it."""
    async with asyncio.timeout(30):
        while True:
            for report in await gather_status(plant.journal.nats, 0.5):
                if shows(report):
                    return report
