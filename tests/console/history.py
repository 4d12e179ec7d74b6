"""Vehicles with a past: five cars' samples of a week in the lake, and the trips, charges and batteries made of them.

What they drove and charged is the same in each run; the days are those just before today.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from kaido.company import Vehicles
from kaido.errors import ConflictError
from kaido.lake import Lake
from kaido.runtime.settings import Settings
from kaido.services.battery.keeping import keep_up
from kaido.services.battery.monthly import is_behind
from kaido.services.derive import catch_up
from kaido.sim import truth
from kaido.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.client import Client

DAYS = 6
PATIENCE_SECONDS = 60
_CARS = (
    ("rei-1", "Compact 62", "US", 11, False),
    ("rei-2", "Compact 62", "US", 12, False),
    ("sora-1", "Saloon 60", "JP", 13, True),
    ("plug-1", "Plug-in 18", "US", 21, False),
    ("series-1", "Series 2", "JP", 31, False),
)
"""Id, model, market, seed, and whether the car's state comes as a text."""


@dataclass(frozen=True)
class History:
    """What was written.

    Attributes:
        cars: who has a past; ``model.name`` and ``market.code`` are what they are registered with.
        start: before it begins.
        end: after it ended: last midnight.
        shift: how much later everything is than the truth of a car says (``truth.START`` on).
    """

    cars: tuple[truth.TruthCar, ...]
    start: datetime
    end: datetime
    shift: timedelta

    def truth(self, vehicle: str) -> truth.Truth:
        """What a car truly did; add ``shift`` to its times."""
        return next(car for car in self.cars if car.id == vehicle).days(truth.START, DAYS)


def write(data: Path, api: Client, company: str) -> History:
    """Register the cars, write their samples, and derive all that follows from them.

    Args:
        data: the platform's data folder.
        api: that platform's, for the company, with the right to write.
        company: whose cars they are.
    """
    models = {model.name: model for model in truth.MODELS}
    cars = tuple(
        truth.TruthCar(name, models[model], market, seed, truth.Measuring(power=True, text_states=texts, sentinels=0))
        for name, model, market, seed, texts in _CARS
    )
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    shift = end - timedelta(days=DAYS) - truth.START
    for car in cars:
        api.post("/v1/vehicles", {"id": car.id, "model": car.model.name, "market": car.market.code})
    settings = Settings(data=data)
    lake = Lake(settings.lake, company)
    for version, rows in enumerate(truth.tables(cars, truth.START, DAYS)):
        lake.append(_later(rows, shift), app_id="history", version=version)
    _derive(lake, settings)
    return History(cars, truth.START + shift - timedelta(days=1), end, shift)


def _later(rows: pa.Table, shift: timedelta) -> pa.Table:
    place = rows.column_names.index("time")
    kind = rows.schema.field("time").type
    moved = pc.add(rows["time"], pa.scalar(shift, pa.duration("us"))).cast(kind)
    return rows.set_column(place, rows.schema.field("time"), moved)


def _derive(lake: Lake, settings: Settings) -> None:
    """As the platform's own worker does, which may be at it just now: then it is let finish."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.closing(Store.open(settings.database)) as store:
        while True:
            with contextlib.suppress(ConflictError):
                catch_up(lake)
                keep_up(lake, Vehicles(store), settings.data)
                if not is_behind(lake):
                    return
            assert time.monotonic() < deadline, "the services are still deriving"
            time.sleep(0.1)
