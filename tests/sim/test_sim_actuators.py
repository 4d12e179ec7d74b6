"""What is commanded shows in the car's next frames."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kaido.agent.commands import CommandError, Order
from kaido.can.decode import Decoder
from kaido.catalog.database import read_can_database
from kaido.catalog.mapping import read_mapping
from kaido.sim.actuators import CHARGE_LIMIT, MOVING, SIMPLE, TIMER_MODE, TIMER_TIME, of_car
from kaido.sim.car import Car
from kaido.sim.encode import DATABASE, MAPPING, NAMESPACE, resource
from kaido.sim.segment import Kind
from kaido.sim.signals import LOCKS
from kaido.sim.source import CarClock, SimulatedSource

if TYPE_CHECKING:
    from kaido.catalog.manifest import DecoderManifest

CAR = Car("Nissan Leaf 30 kWh", "JP", 3)
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"


@pytest.fixture(scope="module")
def manifest() -> DecoderManifest:
    mapping = read_mapping(resource(MAPPING).encode(), MAPPING)
    return read_can_database(resource(DATABASE).encode(), DATABASE, mapping=mapping, namespace=NAMESPACE)


def order(path: str, value: Any, datatype: str = "boolean") -> Order:
    return Order(path, 1, datatype, value, "c1", 0, None, lambda *_: None)


async def act(source: SimulatedSource, path: str, value: Any) -> None:
    found = of_car(source).find(1, path)
    assert found is not None
    done = found.act(order(path, value))
    assert done is not None
    assert not isinstance(done, str)
    await done


def test_every_actuator_is_one_of_the_manifest_and_on_the_bus(manifest: DecoderManifest) -> None:
    paths = {signal.path for signal in manifest.signals}
    for path in (*SIMPLE, *LOCKS, CHARGE_LIMIT):
        assert manifest.actuator_id_of(path)
        assert path in paths


async def test_it_shows_at_once_and_from_then_on(manifest: DecoderManifest) -> None:
    source = SimulatedSource(CAR, CarClock(), period_s=0.05)
    decoder = Decoder(manifest.signals)
    seen: list[tuple[int, float]] = []
    asked_us = set_us = 0.0
    async with asyncio.timeout(30):
        async for frames in source:
            if HAZARD not in (columns := decoder.columns(frames)):
                continue
            times, values = columns[HAZARD]
            seen += zip(times.tolist(), values.tolist(), strict=True)
            if not set_us:
                asked_us = time.time() * 1e6
                await act(source, HAZARD, value=True)
                set_us = time.time() * 1e6
            if seen[-1][1] == 1:
                break
    told = [value for _, value in seen]
    shown = told.index(1)
    assert set(told[:shown]) == {0}
    assert set(told[shown:]) == {1}
    shown_us = seen[shown][0]
    assert asked_us < shown_us <= set_us + 100_000  # of the car's time: the frame of the next tenth of a second


async def test_a_moving_car_stays_locked() -> None:
    driving = next(one for one in CAR.segments(1.75e9, 1.75e9 + 6e5) if one.kind is Kind.DRIVE)
    times = np.arange(driving.start, driving.end)
    moving = float(times[np.argmax(CAR.signals(times)["Vehicle.Speed"])])
    source = SimulatedSource(CAR, CarClock(moving, speed=1e-9))
    with pytest.raises(CommandError) as refused:
        await act(source, LOCKS[0], value=False)
    assert refused.value.outcome.reason == MOVING
    await act(source, LOCKS[0], value=True)


async def test_text_is_not_taken() -> None:
    with pytest.raises(CommandError):
        await act(SimulatedSource(CAR, CarClock()), HAZARD, value="on")


@pytest.mark.parametrize(
    ("path", "value", "refused"),
    [(TIMER_MODE, "START_TIME", "SOMETIME"), (TIMER_TIME, "2026-05-05T18:00:00.000Z", "tonight")],
)
def test_the_charging_timer_takes_what_vss_says(path: str, value: str, refused: str) -> None:
    found = of_car(SimulatedSource(CAR, CarClock())).find(1, path)
    assert found is not None
    assert "charging timer" in str(found.act(order(path, value, "string")))
    with pytest.raises(CommandError):
        found.act(order(path, refused, "string"))
