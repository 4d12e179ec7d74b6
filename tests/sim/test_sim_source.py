from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from kaido.can.decode import Decoder
from kaido.can.frames import Frames
from kaido.catalog.database import read_can_database
from kaido.catalog.mapping import read_mapping
from kaido.sim.car import Car
from kaido.sim.encode import DATABASE, MAPPING, NAMESPACE, generic_ev, resource
from kaido.sim.segment import Kind
from kaido.sim.source import CarClock, SimulatedSource

pytest.importorskip("fastsim")

MONDAY = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
CAR = Car("Nissan Leaf 30 kWh", "JP", 3)
SOURCE = SimulatedSource(CAR, CarClock(MONDAY - 86_400))


def segment(kind: Kind) -> tuple[float, float]:
    found = next(
        one for one in CAR.segments(MONDAY, MONDAY + 6 * 86_400) if one.kind is kind and one.end - one.start > 60
    )
    return found.start, found.end


def frames(kind: Kind, seconds: float) -> Frames:
    start, _ = segment(kind)
    first = int(start * 10) + 1
    return SOURCE.frames(np.arange(first, first + int(10 * seconds)))


def test_what_the_decoder_reads_is_what_the_car_did() -> None:
    """Every signal, at the time of each of its frames, to within half of its resolution."""
    mapping = read_mapping(resource(MAPPING).encode(), MAPPING)
    manifest = read_can_database(resource(DATABASE).encode(), DATABASE, mapping=mapping, namespace=NAMESPACE)
    columns = Decoder(manifest.signals).columns(frames(Kind.DRIVE, 30))
    seen = 0
    for signal in manifest.signals:
        if signal.path == f"{NAMESPACE}.BMS_Modules.ModuleNumber":
            continue
        time_us, values = columns[signal.path]
        truth = CAR.signals(time_us // 100_000 * 100_000 / 1e6)[signal.path]
        assert np.abs(values - truth).max() <= 0.5001 * abs(signal.factor), signal.path
        seen += len(values)
    assert seen > 30 * 10 * 20


def test_a_car_sends_as_often_as_what_it_does_asks_for() -> None:
    driving, charging, parked = (len(frames(kind, 50)) for kind in (Kind.DRIVE, Kind.CHARGE_AC, Kind.PARK))
    pages = [len(group.can_id) for group in generic_ev().groups]
    assert driving == 500 * pages[0] + 50 * pages[1] + 5 * pages[2]
    assert charging == 50 * pages[0] + 50 * pages[1] + 5 * pages[2]
    assert parked == 5 * sum(pages)


def test_chunks_together_are_the_whole() -> None:
    start, _ = segment(Kind.DRIVE)
    first = int(start * 10)
    whole = SOURCE.frames(np.arange(first, first + 300))
    parts = Frames.concatenate([SOURCE.frames(np.arange(at, at + 10)) for at in range(first, first + 300, 10)])
    assert (whole.time_us == parts.time_us).all()
    assert (whole.data == parts.data).all()


async def test_the_past_is_caught_up_and_never_overtaken() -> None:
    began = time.time()
    source = SimulatedSource(CAR, CarClock(began - 120, speed=1_000), period_s=0.01)
    assert source.recorded
    times: list[int] = []
    async with asyncio.timeout(30):
        async for chunk in source:
            times += chunk.time_us.tolist()
            assert times[-1] <= time.time() * 1e6 + 100_000
            if times[-1] > began * 1e6:
                break
    assert times[0] == pytest.approx((began - 120) * 1e6, abs=1.1e6)
    assert all(a < b for a, b in itertools.pairwise(times))


async def test_a_car_that_starts_now_says_everything_at_once() -> None:
    source = SimulatedSource(CAR, CarClock(), period_s=0.05)
    assert not source.recorded
    async with asyncio.timeout(30):
        async for chunk in source:
            assert len(set(chunk.can_id.tolist())) == 18
            break
