"""Several partitions, several ingests, and another number of them than before."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from kaido.company import Vehicles
from kaido.errors import NotFoundError, UnavailableError
from kaido.flow import partition_of
from kaido.ingest.only_one import HeldError, only_one
from kaido.twin import TwinClient, dividing
from kaido.twin.slices import WHOLE, Slice, slices
from tests.ingest.conftest import Plant, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CARS = [f"car-{number}" for number in range(1, 9)]


@pytest.fixture
def fleet(plant: Plant) -> Plant:
    """The plant with more cars, of which some never send anything."""
    for name in [*CARS[1:], "silent-1", "silent-2", "silent-3"]:
        Vehicles(plant.store).register(plant.company, name, model="leaf")
    return plant


async def publish(plant: Plant, events: range, partitions: int) -> None:
    """One payload of each event from each car, in the partition where a gateway would put it."""
    journal = plant.journal
    journal._settings = plant.settings.model_copy(update={"partitions": partitions})
    for partition in range(partitions):
        cars = [name for name in CARS if partition_of(name, partitions) == partition]
        if cars:
            payloads = [plant.payload(event) for event in events for _ in cars]
            await plant.publish(payloads, cars * len(events), partition=partition)


def expected(plant: Plant, events: range) -> Counter[tuple[str, str, int]]:
    return sum((plant.expected(events, name) for name in CARS), Counter())


@contextlib.asynccontextmanager
async def ingests(plant: Plant, number: int, partitions: int) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for one in range(number):
            changes = {"partitions": partitions, "ingests": number, "ingest_number": one}
            await stack.enter_async_context(plant.ingest(**changes))
        yield


async def newest(plant: Plant, name: str) -> dict[str, Any]:
    """A car's values by signal."""
    rows = (await plant.twin.vehicle(plant.company, name)).to_pylist()
    return {row["signal"]: row["value"] for row in rows}


async def check_twin(plant: Plant, event: int) -> None:
    """The twin is the fold of the lake, whoever is asked, and every registered car is in the fleet once."""
    for name in CARS:
        assert (await newest(plant, name))["Vehicle.Test.S1"] == event
    found = await plant.twin.fleet(plant.company, limit=100)
    assert found["vehicle"].to_pylist() == sorted([*CARS, "silent-1", "silent-2", "silent-3"])
    assert set(found["model"].to_pylist()) == {"leaf"}
    some = await plant.twin.fleet(plant.company, f"Vehicle.Test.S1 >= {event}", limit=3)
    assert some["vehicle"].to_pylist() == CARS[:3]
    rest = await plant.twin.fleet(plant.company, f"Vehicle.Test.S1 >= {event}", after=CARS[2])
    assert rest["vehicle"].to_pylist() == CARS[3:]
    with pytest.raises(NotFoundError):
        await plant.twin.vehicle(plant.company, "nobody")


async def test_two_ingests_share_the_partitions(fleet: Plant) -> None:
    await publish(fleet, range(3), 3)
    async with ingests(fleet, 2, 3):
        await fleet.settled(len(CARS) * 3 * 5)
        await publish(fleet, range(3, 5), 3)
        await fleet.settled(len(CARS) * 5 * 5)
        await check_twin(fleet, 4)
    assert fleet.counted() == expected(fleet, range(5))


async def test_every_number_of_partitions_and_ingests_goes_on_where_the_last_one_ended(fleet: Plant) -> None:
    begin = 0
    for partitions, number in ((1, 1), (2, 2), (3, 1), (3, 3), (2, 1), (1, 1)):
        await publish(fleet, range(begin, begin + 2), partitions)  # while nobody reads
        async with ingests(fleet, number, partitions):
            await publish(fleet, range(begin + 2, begin + 3), partitions)
            begin += 3
            await fleet.settled(len(CARS) * begin * 5)
            await until_asked(fleet, begin - 1)
            await check_twin(fleet, begin - 1)
        assert fleet.counted() == expected(fleet, range(begin))
        assert dividing.in_force(fleet.settings, fleet.company) == partitions
        files = {file.name for file in (fleet.settings.data / "twin").glob("*.arrow")}
        assert files == {f"{fleet.company}{part.suffix}.arrow" for part in slices(partitions)}


async def until_asked(plant: Plant, event: int) -> None:
    """Wait until each car's twin has an event: the lake has it a moment before the twin can be asked."""
    async with asyncio.timeout(30):
        for name in CARS:
            while (await newest(plant, name)).get("Vehicle.Test.S1") != event:  # noqa: ASYNC110  # a peer is asked
                await asyncio.sleep(0.05)


async def test_a_publish_in_doubt_is_kept_once_though_its_partition_changed(fleet: Plant) -> None:
    name = next(name for name in CARS if partition_of(name, 2) == 1)
    doubtful = fleet.payload(1)
    await fleet.publish([doubtful], name)  # the journal has it; the gateway ended before it could say so
    async with ingests(fleet, 2, 2):
        await fleet.settled(5)
        fleet.journal._settings = fleet.settings.model_copy(update={"partitions": 2})
        await fleet.publish([doubtful, fleet.payload(2)], name, partition=1)
        await fleet.settled(10)
    assert fleet.counted() == fleet.expected([1, 2], name)


async def test_the_same_ingest_twice_waits(fleet: Plant) -> None:
    await publish(fleet, range(2), 2)
    async with ingests(fleet, 2, 2), fleet.ingest(partitions=2, ingests=2, ingest_number=1):
        await fleet.settled(len(CARS) * 2 * 5)
        await publish(fleet, range(2, 4), 2)
        await fleet.settled(len(CARS) * 4 * 5)
        await asyncio.sleep(0.3)
    assert fleet.counted() == expected(fleet, range(4))


async def test_a_part_of_the_twin_that_is_away_is_said(fleet: Plant) -> None:
    await publish(fleet, range(1), 2)
    async with ingests(fleet, 2, 2):
        await fleet.settled(len(CARS) * 5)
    async with fleet.ingest(partitions=2, ingests=2, ingest_number=0):
        await until((fleet.settings.data / "twin" / "acme.0-2.lock").exists)
        with pytest.raises(UnavailableError):
            await TwinClient(fleet.journal.nats, seconds=1.0).fleet(fleet.company)


def test_the_whole_excludes_each_slice_and_slices_only_themselves(tmp_path: Path) -> None:
    with only_one(tmp_path, "acme", Slice(0, 2)), only_one(tmp_path, "acme", Slice(1, 2)):
        for part in (WHOLE, Slice(0, 2)):
            with pytest.raises(HeldError), only_one(tmp_path, "acme", part):
                pass
    with only_one(tmp_path, "acme"), pytest.raises(HeldError), only_one(tmp_path, "acme", Slice(1, 2)):
        pass
