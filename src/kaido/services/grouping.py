"""By what a fleet's driving and charging can be grouped."""

from __future__ import annotations

from typing import Literal

DrivingBy = Literal["fleet", "model", "market", "temperature", "day"]
ChargingBy = Literal["fleet", "model", "market", "day", "hour"]
BAND_C = 5
"""Of the air's temperature: how wide a group is."""
