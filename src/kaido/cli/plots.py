"""Pictures of trips and charges, as files."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from kaido.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kaido.services.markets import Quantity, Reading

ENDINGS = (".pdf", ".png", ".svg")
SLOT = dt.timedelta(minutes=5)
Series = list[tuple[str, float]]

_UNITS = {
    "_wh": "kWh",
    "_w": "kW",
    "_m": "m",
    "_s": "s",
    "_l": "l",
    "_ah": "Ah",
    "_a": "A",
    "_kmh": "km/h",
    "_c": "°C",
    "_percent": "%",
    "latitude": "°",
    "longitude": "°",
}
"""By how a field's name ends."""
_THOUSANDS = ("_wh", "_w")

_READ: tuple[Quantity, ...] = ("distance", "speed", "temperature")
"""Fields of these names people of each market read in their own units."""
_PLACES = ("latitude", "longitude")


def check(file: Path) -> None:
    """Say at once what would fail later.

    Raises:
        InvalidInputError: the file's ending names no picture.
        UnavailableError: matplotlib is not installed.
    """
    if file.suffix.lower() not in ENDINGS:
        raise InvalidInputError(f"the file {file} has no known ending", fix=f"End it in {', '.join(ENDINGS)}")
    if importlib.util.find_spec("matplotlib") is None:
        raise UnavailableError("plots need matplotlib", fix="Install it: pip install 'kaido[plots]'")


def with_units(found: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The fields of a trip or charge with their units, for people."""
    shown: dict[str, Any] = {}
    for name, value in found.items():
        ending = next((one for one in sorted(_UNITS, key=len, reverse=True) if name.endswith(one)), None)
        if ending is None or isinstance(value, str):
            shown[name] = value
            continue
        plain = name if ending in _PLACES else name.removesuffix(ending)
        quantity = next((one for one in _READ if one in name), None)
        if quantity is not None:
            shown[plain] = reading.shown(quantity, value)
            continue
        shown[plain] = None if value is None else f"{_number(value, ending)} {_UNITS[ending]}"
    return shown


def _number(value: float, ending: str) -> str:
    if ending in _PLACES:
        return f"{value:.6f}"
    return f"{value / 1_000:,.2f}" if ending in _THOUSANDS else f"{value:,.5g}"


def product(volts: Series, amperes: Series) -> Series:
    """Watts at every current, with the voltage before it."""
    found: Series = []
    place = 0
    for time, current in amperes:
        while place + 1 < len(volts) and volts[place + 1][0] <= time:
            place += 1
        if volts:
            found.append((time, current * volts[place][1]))
    return found


def trip(file: Path, found: dict[str, Any], series: dict[str, Series], line: Sequence[dict[str, float]]) -> None:
    """Draw speed, power and state of charge over time, and the route."""
    if found["soc_start_percent"] is not None and found["soc_end_percent"] is not None:
        ends = ((found["start"], found["soc_start_percent"]), (found["end"], found["soc_end_percent"]))
        series = {**series, "soc": [ends[0], *series["soc"], ends[1]]}
    figure, axes = _figure(3, route=True)
    labels = {
        "speed": ("Speed, km/h", 1.0, "#1f5fa8"),
        "power": ("Power into the battery, kW", 1e-3, "#b4452c"),
        "soc": ("State of charge, %", 1.0, "#2c7d4f"),
    }
    for axis, (name, (label, factor, colour)) in zip(axes, labels.items(), strict=False):
        moments = [_moment(time) for time, _ in series[name]]
        values = [factor * value for _, value in series[name]]
        axis.step(moments, values, where="post", color=colour, linewidth=1.0)  # cars send what changed: values hold
        axis.set_ylabel(label)
    _title(figure, found, "Trip")
    axes[3].plot([point["longitude"] for point in line], [point["latitude"] for point in line], color="#444444")
    if line:
        axes[3].plot(line[0]["longitude"], line[0]["latitude"], "o", color="#2c7d4f", label="start")
        axes[3].plot(line[-1]["longitude"], line[-1]["latitude"], "s", color="#b4452c", label="end")
        axes[3].legend(frameon=False)
    axes[3].set_xlabel("Longitude, °")
    axes[3].set_ylabel("Latitude, °")
    axes[3].ticklabel_format(useOffset=False)
    _save(figure, file)


def charge(file: Path, found: dict[str, Any], slots: Sequence[dict[str, Any]]) -> None:
    """Draw power and state of charge over time."""
    figure, axes = _figure(2, route=False)
    moments = [_moment(slot["time"]) for slot in slots]
    kilowatts = [float("nan") if slot["power_w"] is None else slot["power_w"] / 1_000 for slot in slots]
    percents = [float("nan") if slot["soc_percent"] is None else slot["soc_percent"] for slot in slots]
    axes[0].step(moments, kilowatts, where="post", color="#b4452c")
    axes[0].set_ylabel("Power into the battery, kW")
    axes[0].set_ylim(bottom=0)
    ends = [min(moment + SLOT, _moment(found["end"])) for moment in moments]
    first = float("nan") if found["soc_start_percent"] is None else found["soc_start_percent"]
    axes[1].plot([*moments[:1], *ends], [first, *percents] if moments else [], color="#2c7d4f")
    axes[1].set_ylabel("State of charge, %")
    _title(figure, found, f"{found['kind']} charge")
    _save(figure, file)


def _figure(rows: int, *, route: bool) -> tuple[Any, list[Any]]:
    """A figure without a window, with axes below one another that share their time, and one for a map beside them."""
    figure = importlib.import_module("matplotlib.figure").Figure(figsize=(12 if route else 8, 7), layout="constrained")
    grid = figure.add_gridspec(rows, 2 if route else 1)
    axes: list[Any] = []
    for row in range(rows):
        axes.append(figure.add_subplot(grid[row, 0], sharex=axes[0] if axes else None))
        axes[-1].grid(alpha=0.3)
    dates = importlib.import_module("matplotlib.dates")
    axes[0].xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    for axis in axes[:-1]:
        axis.tick_params(labelbottom=False)
    axes[-1].set_xlabel("Time, UTC")
    if route:
        axes.append(figure.add_subplot(grid[:, 1]))
    return figure, axes


def _title(figure: Any, found: dict[str, Any], what: str) -> None:
    figure.suptitle(f"{what} of {found['vehicle']}, {found['start'][:16].replace('T', ' ')} UTC")


def _save(figure: Any, file: Path) -> None:
    try:
        figure.savefig(file, dpi=120)
    except OSError as error:
        raise UnavailableError(f"the file {file} cannot be written", why=error.strerror or str(error)) from error


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
