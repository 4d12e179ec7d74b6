"""Mapping files: which CAN signal is which signal of the catalog.

YAML or JSON, one table; a key is ``Message.Signal`` or, where that is clear, ``Signal``::

    SPEED.SPEED: Vehicle.Speed
    WHEEL_SPEED_FL: {path: Vehicle.Chassis.Axle.Row1.Wheel.Left.Speed, unit: km/h}
    BATT_TEMP: {path: Vehicle.Powertrain.TractionBattery.Temperature.Average, scale: 0.5, offset: -40}

``unit`` says what the CAN signal is in, where the database states none or a wrong one. ``scale`` and ``offset`` turn
the database's value into the catalog's (value * scale + offset); where neither is given, units are converted.

The key ``actuators`` lists what can be commanded besides those of these paths that are actuators in the catalog::

    actuators: [Vehicle.Cabin.Door.*.IsLocked, Vehicle.Body.Horn.IsActive]

The key ``values`` lists what no bus shows and programs in the vehicle hand over, texts too::

    values: [Vehicle.Cabin.Infotainment.Media.Played.Source]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kaido.catalog import text
from kaido.catalog.signal import is_path
from kaido.errors import InvalidInputError

ACTUATORS = "actuators"
VALUES = "values"
_LISTS = {ACTUATORS: "Vehicle.Cabin.HVAC.*", VALUES: "Vehicle.Cabin.Infotainment.*"}
_KEYS = ("path", "scale", "offset", "unit")


@dataclass(frozen=True, slots=True)
class Target:
    """What a CAN signal becomes. ``scale`` is None where units decide."""

    path: str
    scale: float | None = None
    offset: float = 0.0
    unit: str = ""


Mapping = dict[str, Target]
"""By the CAN signal's name, ``Message.Signal`` or ``Signal``."""


def read_mapping(data: bytes, name: str) -> Mapping:
    """A mapping file.

    Raises:
        InvalidInputError: it cannot be read, or an entry makes no sense: says which.
    """
    content = text.parsed(data, name)
    if not isinstance(content, dict):
        raise InvalidInputError(f"{name} is no mapping", why="it is no table", fix=_EXAMPLE)
    return {str(key): _target(name, str(key), value) for key, value in content.items() if key not in _LISTS}


def read_paths(data: bytes, name: str, key: str) -> list[str]:
    """The paths and patterns that a mapping file lists under ``ACTUATORS`` or ``VALUES``.

    Raises:
        InvalidInputError: it cannot be read, or it is no list of them.
    """
    content = text.parsed(data, name)
    listed = content.get(key, []) if isinstance(content, dict) else []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise InvalidInputError(f"{name}: '{key}' is no list of paths", fix=f"{key}: [{_LISTS[key]}]")
    return listed


def _target(name: str, key: str, value: Any) -> Target:
    entry = {"path": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or "path" not in entry:
        raise InvalidInputError(f"{name}: the entry {key!r} names no path", fix=_EXAMPLE)
    if unknown := set(entry) - set(_KEYS):
        raise InvalidInputError(
            f"{name}: the entry {key!r} has {sorted(map(str, unknown))}", why=f"only {', '.join(_KEYS)} are known"
        )
    path = str(entry["path"])
    if not is_path(path):
        raise InvalidInputError(f"{name}: the entry {key!r} goes to {path[:100]!r}", why="that is no path of a signal")
    scale, offset = (_number(name, key, part, entry.get(part)) for part in ("scale", "offset"))
    if scale == 0:
        raise InvalidInputError(f"{name}: the entry {key!r} has scale 0", why="every value would be the same")
    if scale is None and offset is not None:
        scale = 1.0
    return Target(path, scale, offset or 0.0, str(entry.get("unit") or ""))


def _number(name: str, key: str, part: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidInputError(f"{name}: the {part} of {key!r} is {value!r}", why="it must be a number")
    return float(value)


_EXAMPLE = "Write a line for each, such as `SPEED.SPEED: Vehicle.Speed`"
