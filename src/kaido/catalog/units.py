"""Units: the spellings of CAN databases, the names of VSS, and what converts into what."""

from __future__ import annotations

# VSS name: (quantity, factor, offset), with base = value * factor + offset.
_UNITS: dict[str, tuple[str, float, float]] = {
    "mm": ("length", 1e-3, 0),
    "cm": ("length", 1e-2, 0),
    "m": ("length", 1, 0),
    "km": ("length", 1e3, 0),
    "inch": ("length", 0.0254, 0),
    "mile": ("length", 1609.344, 0),
    "km/h": ("velocity", 1 / 3.6, 0),
    "m/s": ("velocity", 1, 0),
    "mph": ("velocity", 0.44704, 0),
    "m/s^2": ("acceleration", 1, 0),
    "cm/s^2": ("acceleration", 1e-2, 0),
    "g0": ("acceleration", 9.80665, 0),
    "ml": ("volume", 1e-3, 0),
    "l": ("volume", 1, 0),
    "celsius": ("temperature", 1, 0),
    "fahrenheit": ("temperature", 5 / 9, -160 / 9),
    "kelvin": ("temperature", 1, -273.15),
    "degrees": ("angle", 1, 0),
    "rad": ("angle", 57.29577951308232, 0),
    "degrees/s": ("angular speed", 1, 0),
    "rad/s": ("angular speed", 57.29577951308232, 0),
    "W": ("power", 1, 0),
    "kW": ("power", 1e3, 0),
    "PS": ("power", 735.49875, 0),
    "Wh": ("energy", 1, 0),
    "kWh": ("energy", 1e3, 0),
    "g": ("mass", 1e-3, 0),
    "kg": ("mass", 1, 0),
    "mV": ("voltage", 1e-3, 0),
    "V": ("voltage", 1, 0),
    "mA": ("current", 1e-3, 0),
    "A": ("current", 1, 0),
    "Ah": ("charge", 1, 0),
    "ms": ("time", 1e-3, 0),
    "s": ("time", 1, 0),
    "min": ("time", 60, 0),
    "h": ("time", 3600, 0),
    "mbar": ("pressure", 1e2, 0),
    "Pa": ("pressure", 1, 0),
    "kPa": ("pressure", 1e3, 0),
    "bar": ("pressure", 1e5, 0),
    "psi": ("pressure", 6894.757293168, 0),
    "N": ("force", 1, 0),
    "kN": ("force", 1e3, 0),
    "Nm": ("torque", 1, 0),
    "rpm": ("rotational speed", 1, 0),
    "Hz": ("frequency", 1, 0),
    "percent": ("relation", 1, 0),
    "ratio": ("relation", 100, 0),
    "Ohm": ("resistance", 1, 0),
    "lx": ("illuminance", 1, 0),
    "l/h": ("flow", 1, 0),
    "l/100km": ("consumption", 1, 0),
    "kWh/100km": ("electric consumption", 10, 0),
    "Wh/km": ("electric consumption", 1, 0),
}

# Spellings are compared without case, spaces, dots and brackets; those that differ only in case are listed exactly.
_SPELLINGS: dict[str, str] = {
    "millimeter": "mm",
    "meter": "m",
    "meters": "m",
    "kilometer": "km",
    "inches": "inch",
    "miles": "mile",
    "kph": "km/h",
    "kmh": "km/h",
    "kmph": "km/h",
    "km/hr": "km/h",
    "mps": "m/s",
    "mi/h": "mph",
    "mile/h": "mph",
    "m/s2": "m/s^2",
    "m/s²": "m/s^2",
    "m/s/s": "m/s^2",
    "liter": "l",
    "litre": "l",
    "ltr": "l",
    "degc": "celsius",
    "deg c": "celsius",
    "°c": "celsius",
    "℃": "celsius",
    "degf": "fahrenheit",
    "°f": "fahrenheit",
    "deg": "degrees",
    "degree": "degrees",
    "°": "degrees",
    "grad": "degrees",
    "radians": "rad",
    "deg/s": "degrees/s",
    "deg/sec": "degrees/s",
    "degree/s": "degrees/s",
    "°/s": "degrees/s",
    "watt": "W",
    "kilowatt": "kW",
    "volt": "V",
    "volts": "V",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "msec": "ms",
    "minutes": "min",
    "hours": "h",
    "hr": "h",
    "hpa": "mbar",
    "n*m": "Nm",
    "n-m": "Nm",
    "1/min": "rpm",
    "u/min": "rpm",
    "rev/min": "rpm",
    "min-1": "rpm",
    "%": "percent",
    "pct": "percent",
    "lux": "lx",
}
_EXACT = {"g": "g", "G": "g0", "K": "kelvin", "h": "h", "H": "h", "C": "celsius", "F": "fahrenheit"}
_FOLDED = {name.casefold(): name for name in _UNITS} | _SPELLINGS


def names() -> tuple[str, ...]:
    """The VSS names of all units."""
    return tuple(_UNITS)


def canonical(spelling: str) -> str | None:
    """The VSS name of a unit, whatever its spelling; None where it is none that we know."""
    bare = spelling.strip().strip("[]().").strip()
    if bare in _UNITS or bare in _EXACT:
        return _EXACT.get(bare, bare)
    folded = bare.casefold()
    return _FOLDED.get(folded) or _FOLDED.get(folded.replace(" ", ""))


def conversion(source: str, target: str) -> tuple[float, float] | None:
    """Factor and offset with ``target = source * factor + offset``; None where the quantities differ.

    Both are VSS names, as ``canonical`` gives them.
    """
    from_quantity, from_factor, from_offset = _UNITS[source]
    to_quantity, to_factor, to_offset = _UNITS[target]
    if from_quantity != to_quantity:
        return None
    return from_factor / to_factor, (from_offset - to_offset) / to_factor
