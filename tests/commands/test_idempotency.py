"""The same command twice is one; another one under its id is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kaido.errors import ConflictError
from tests.commands.conftest import AC, ANN, BOB, Room, refused


async def test_the_same_id_and_content_is_the_same_command(room: Room) -> None:
    async with await room.car() as car:
        made = await room.send(id="c1", reason="hot")
        assert (await room.request(car)).command_id == "c1"
        again = await room.send(id="c1", reason="hot", value="true")
        assert again.created == made.created
        await room.send(id="c2")
        assert (await room.request(car)).command_id == "c2"
        assert room.happened("c1").count("sent") == 1


@pytest.mark.parametrize(
    "other", [{"value": False}, {"vehicle": "car-2"}, {"timeout_ms": 5_000}, {"reason": "cold"}, {"issuer": BOB}]
)
async def test_another_content_under_the_same_id_is_refused(room: Room, other: dict[str, Any]) -> None:
    await room.send(id="c1")
    with refused("there is another command c1"):
        await room.send(**({"id": "c1"} | other))
    assert len(room.commands.records.newest("acme", 10)) == 1


async def test_many_at_once_record_it_once(room: Room) -> None:
    def send() -> str:
        return room.commands.send_actuator("acme", ANN, ["car-1"], AC, True, timeout_ms=5_000, id="c1").id

    assert set(await asyncio.gather(*(asyncio.to_thread(send) for _ in range(8)))) == {"c1"}
    assert room.happened("c1").count("waiting") == 1


async def test_a_part_of_the_fleet_is_what_its_condition_says(room: Room) -> None:
    def send(*vehicles: str, where: str = "Vehicle.Speed == 0") -> Any:
        return room.commands.send_actuator("acme", ANN, vehicles, AC, True, where=where, timeout_ms=20_000, id="f1")

    made = send("car-1", "car-2")
    assert (made.vehicles, made.counts) == (2, {"waiting": 2})
    assert send("car-1").vehicles == 2  # whom it reaches was settled the first time
    with pytest.raises(ConflictError):
        send("car-1", where="Vehicle.Speed == 1")
    async with await room.car() as car, await room.car("car-2") as other:
        for one in (car, other):
            assert (await room.request(one)).command_id == "f1"


@pytest.mark.parametrize("wrong", ["", "a/b", "a b", "+", "x" * 129, "é"])
async def test_an_id_that_cannot_be_in_a_topic_is_refused(room: Room, wrong: str) -> None:
    with refused("cannot have the id"):
        await room.send(id=wrong)


async def test_bounds(room: Room) -> None:
    for more, why in (({"timeout_ms": 1}, "a timeout of 1 ms"), ({"reason": "x" * 3_000}, "the reason is too long")):
        with refused(why):
            await room.send(**more)
