"""What is on a car's bus: a pulse every few seconds, with its number. All of it follows from car and time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import Frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MANIFEST = "pulses"
NAMESPACE = "Soak"
COUNT, LIFE, PULSE = (f"{NAMESPACE}.Car.{name}" for name in ("Count", "Life", "Pulse"))
SIGNALS = (COUNT, LIFE, PULSE)
"""In the order of the decoder manifest: the number of the pulse, that of the agent's process, and 1 or 0."""
SWITCH, DIAL = "Vehicle.Cabin.HVAC.IsAirConditioningActive", "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
"""What can be commanded."""

PERIOD_MS = 4_000
HIGH_MS = 2_000
"""So long a pulse is 1, then 0 until the next."""
_SPREAD_MS = 37
_CAN_ID = 256

DATABASE = f"""VERSION ""

NS_ :

BS_:

BU_: Car

BO_ {_CAN_ID} Car: 8 Car
 SG_ Count : 0|32@1+ (1,0) [0|0] "" Car
 SG_ Life : 32|16@1+ (1,0) [0|0] "" Car
 SG_ Pulse : 48|8@1+ (1,0) [0|0] "" Car
"""
MAPPING = f"actuators: [{SWITCH}, {DIAL}]\n"


def offset_ms(car: int) -> int:
    """Of a car's pulses after full periods: not all cars have theirs at once."""
    return car * _SPREAD_MS % PERIOD_MS


class Pulses:
    """The bus of a car, as an agent's source. It is silent once the file ``quiet`` is there.

    Args:
        car: its number.
        life: of the agent's process.
        quiet: a file.
    """

    recorded = False

    def __init__(self, car: int, life: int, quiet: Path) -> None:
        self._offset_ms = offset_ms(car)
        self._life = life
        self._quiet = quiet

    async def __aiter__(self) -> AsyncIterator[Frames]:
        number = (int(time.time() * 1_000) - self._offset_ms) // PERIOD_MS
        while True:
            number += 1
            start_ms = number * PERIOD_MS + self._offset_ms
            for pulse, time_ms in ((1, start_ms), (0, start_ms + HIGH_MS)):
                await asyncio.sleep(time_ms / 1_000 - time.time())
                if not self._quiet.exists():
                    yield frame(time_ms, number, self._life, pulse)


def frame(time_ms: int, number: int, life: int, pulse: int) -> Frames:
    """The one message."""
    data = number.to_bytes(4, "little") + life.to_bytes(2, "little") + bytes([pulse, 0])
    return Frames(
        time_us=np.array([time_ms * 1_000], np.int64),
        channel=np.zeros(1, np.uint16),
        channels=("can0",),
        can_id=np.array([_CAN_ID], np.uint32),
        flags=np.zeros(1, np.uint8),
        length=np.array([8], np.uint8),
        data=np.frombuffer(data, np.uint8).reshape(1, 8).copy(),
    )
