"""The twin: samples folded in, and questions to a fleet of a million."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.bench.figure import Figure
from kaido.company import Vehicle
from kaido.errors import KaidoError
from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock
from kaido.twin.attributes import Attributes
from kaido.twin.columns import Twin
from kaido.twin.fleet import MAX_ROWS, FleetQuestions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kaido.bench.options import BenchOptions

    Integers = NDArray[np.int64]

UPDATES, FILTER_MS = 10_000_000.0, 50.0
SIGNALS = 100
PAYLOAD_SAMPLES = 100
START_US = 1_700_000_000_000_000
MARKETS = ("JP", "US", "CA", "CN", "DE")
CHARGE, SPEED = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", "Vehicle.Speed"
LOW, FAST = 20, 100


class WrongTwinError(KaidoError):
    """The twin does not hold what was folded in: its rate means nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Fold payloads of 100 samples of 10,000 vehicles; ask a million vehicles."""
    return [_updates(options), *_filters(options)]


def _updates(options: BenchOptions) -> Figure:
    vehicles, count = options.pick(10_000, 500), options.pick(1_000_000, 20_000)
    batches = [_batch(vehicles, count, second) for second in range(4)]
    options.remark(
        f"updates: {vehicles:,} vehicles, {SIGNALS} signals, payloads of {PAYLOAD_SAMPLES} samples in random order, "
        f"{count:,} samples a fold"
    )

    def fold() -> Twin:
        twin = Twin()
        for batch in batches:
            twin.fold(batch, START_US)
        return twin

    _check(fold(), pa.concat_tables(batches))
    seconds = options.repeat(fold)
    with options.profiled("updates"):
        options.repeat(fold, runs=options.pick(5, 1))
    return Figure.of("updates", seconds.map_to_rate(len(batches) * count), "samples/s", bound=UPDATES)


def _batch(vehicles: int, count: int, second: int) -> pa.Table:
    chance = np.random.default_rng(second)
    payloads = chance.integers(0, vehicles, count // PAYLOAD_SAMPLES)
    return _samples(
        [f"car-{number:06}" for number in range(vehicles)],
        np.repeat(payloads, PAYLOAD_SAMPLES),
        [f"Vehicle.Bench.S{number}" for number in range(SIGNALS)],
        np.tile(np.arange(PAYLOAD_SAMPLES) % SIGNALS, len(payloads)),
        START_US + second * 1_000_000 + chance.integers(0, 1_000_000, count),
        chance.random(count),
    )


def _filters(options: BenchOptions) -> list[Figure]:
    count = options.pick(1_000_000, 20_000)
    options.say(f"a fleet of {count:,}")
    chance = np.random.default_rng(2)
    charge, speed = chance.uniform(0, 100, count), chance.uniform(0, 130, count)
    market = chance.integers(0, len(MARKETS), count)
    questions = _fleet({CHARGE: charge, SPEED: speed}, market)
    low = charge < LOW
    matching = {
        "one number": (f"{CHARGE} < {LOW}", low),
        "two numbers and an attribute": (
            f"{CHARGE} < {LOW} and {SPEED} > {FAST} and market = '{MARKETS[0]}'",
            low & (speed > FAST) & (market == 0),
        ),
    }
    figures = []
    for about, (where, expected) in matching.items():
        found = questions.ask(where, limit=MAX_ROWS, now_us=START_US)
        if found["vehicle"].to_pylist() != [_name(number) for number in np.flatnonzero(expected)[:MAX_ROWS]]:
            raise WrongTwinError("the fleet answers with other vehicles than NumPy")
        ask = partial(questions.ask, where, limit=100, now_us=START_US)
        taken = options.repeat(ask, runs=4 * options.runs).times(1e3)
        name = f"filter over {count:,} vehicles, {about}"
        figures.append(Figure.of(name, taken, "ms", bound=FILTER_MS, better="lower"))
    return figures


def _fleet(columns: Mapping[str, NDArray[np.float64]], market: Integers) -> FleetQuestions:
    names = [_name(number) for number in range(len(market))]
    everyone, now = np.arange(len(market)), clock.now()
    twin = Twin()
    for path, values in columns.items():
        times = np.full(len(market), START_US)
        twin.fold(_samples(names, everyone, [path], np.zeros_like(everyone), times, values), START_US)
    attributes = Attributes(twin)
    markets = (MARKETS[code] for code in market.tolist())
    unknown = (None,) * 3
    attributes.update(
        [Vehicle(name, "bench", *unknown, place, None, now, None) for name, place in zip(names, markets, strict=True)]
    )
    return FleetQuestions(twin, attributes)


def _name(number: int) -> str:
    return f"car-{number:07}"


def _samples(
    vehicles: list[str],
    vehicle: Integers,
    signals: list[str],
    signal: Integers,
    time_us: Integers,
    value: NDArray[np.float64],
) -> pa.Table:
    """Samples as ingest gives them to the twin: names as dictionaries."""
    codes = (vehicle.astype(np.int32), signal.astype(np.int32))
    names = [
        pa.DictionaryArray.from_arrays(code, pa.array(texts))
        for code, texts in zip(codes, (vehicles, signals), strict=True)
    ]
    times = pa.array(time_us, SAMPLE_SCHEMA.field("time").type)
    nothing = pa.nulls(len(value), pa.string())
    return pa.table([*names, times, pa.array(value), nothing], names=SAMPLE_SCHEMA.names[:5])


def _check(twin: Twin, samples: pa.Table) -> None:
    """The newest sample of each cell, worked out by Arrow, is what the twin holds."""
    plain = samples.select(["vehicle", "signal", "time", "value"]).unify_dictionaries()
    last = plain.group_by(["vehicle", "signal"]).aggregate([("time", "max")])
    vehicle, signal = twin.vehicles.numbers(last["vehicle"]), twin.signals.numbers(last["signal"])
    if not np.array_equal(twin.times[signal, vehicle], last["time_max"].cast(pa.int64()).to_numpy()):
        raise WrongTwinError("the twin does not hold the newest samples")
