"""Numbers, times and ages as the person who looks reads them. A number never stands without its unit."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from kaido.runtime import clock
from kaido.services.markets import METRIC

if TYPE_CHECKING:
    from kaido.console.person import Person
    from kaido.services.markets.units import Quantity

NONE = "-"
SYMBOLS = {
    "percent": "%",
    "celsius": "°C",
    "degrees": "°",
    "kilometer per hour": "km/h",
}
"""Units of the catalog whose VSS names are not their symbols."""
_QUANTITY: dict[str, tuple[Quantity, float]] = {
    "km/h": ("speed", 1.0),
    "m/s": ("speed", 3.6),
    "km": ("distance", 1_000.0),
    "m": ("distance", 1.0),
    "celsius": ("temperature", 1.0),
    "°C": ("temperature", 1.0),
    "Wh": ("energy", 1.0),
    "kWh": ("energy", 1_000.0),
    "W": ("power", 1.0),
    "kW": ("power", 1_000.0),
}
"""Units that a market may read otherwise: the quantity, and how many of its inside unit one is."""
_METRES_STAY_BELOW = 2_000.0


class Shown:
    """How one person reads numbers and times.

    Args:
        person: who looks; None reads metric units and UTC.
    """

    def __init__(self, person: Person | None) -> None:
        self._reading = person.reading if person else METRIC
        self._zone = person.zone if person else UTC

    def quantity(self, value: float | None, unit: str | None = None, digits: int | None = None) -> str:
        """A number with its unit, in the unit of the person's market where that has one.

        Args:
            value: in ``unit``.
            unit: as the catalog names it; None and empty have none.
            digits: behind the point; otherwise as many as its size calls for.
        """
        if value is None or not math.isfinite(value):
            return NONE
        known = _QUANTITY.get(unit or "")
        if known and not (unit == "m" and abs(value) < _METRES_STAY_BELOW):
            kind, inside = known
            of = self._reading.unit(kind)
            return f"{_number(of.of(value * inside), digits if digits is not None else of.digits)} {of.symbol}"
        symbol = SYMBOLS.get(unit or "", unit or "")
        return f"{_number(value, digits)} {symbol}".rstrip()

    def measure(self, kind: Quantity, inside: float | None) -> str:
        """A value of ``kaido.services.markets.units``' inside units (m, Wh, Wh/km, W, km/h, °C)."""
        return NONE if inside is None else self._reading.shown(kind, inside)

    def value(self, found: dict[str, object] | None) -> Markup:
        """A twin value (``value``, ``text``, ``unit``, ``time``): the number with its unit, and its age."""
        if not found:
            return Markup(NONE)  # noqa: S704  # our own text
        number, text = found["value"], found["text"]
        told = str(text) if text is not None else self.quantity(number, str(found["unit"] or ""))  # type: ignore[arg-type]  # a float, by the API
        return Markup("<span class=value>{}</span> {}").format(told, self.age(str(found["time"])))

    def time(self, moment: str | datetime | None) -> Markup:
        """A moment in the person's zone, which is named."""
        if not moment:
            return Markup(NONE)  # noqa: S704  # our own text
        at = _moment(moment).astimezone(self._zone)
        return Markup('<time datetime="{}">{} {}</time>').format(
            clock.iso(at), at.strftime("%Y-%m-%d %H:%M:%S"), at.tzname()
        )

    def age(self, moment: str | datetime | None) -> Markup:
        """How long ago; the page counts on by itself."""
        if not moment:
            return Markup("<span class=age>never</span>")
        at = _moment(moment)
        return Markup('<time class=age datetime="{}" title="{}">{} ago</time>').format(
            clock.iso(at),
            at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S %Z"),
            clock.age((clock.now() - at).total_seconds()),
        )

    def units(self) -> str:
        """What a script needs to show the catalog's units likewise: JSON of symbol, factor, offset, digits."""
        told: dict[str, tuple[str, float, float, int | None]] = {
            name: (symbol, 1.0, 0.0, None) for name, symbol in SYMBOLS.items()
        }
        for name, (kind, inside) in _QUANTITY.items():
            of = self._reading.unit(kind)
            # Heights and ranges in metres stay metres; scripts ask for long ones by "far".
            told["far" if name == "m" else name] = (of.symbol, of.factor * inside, of.offset, of.digits)
        return json.dumps(told)

    @staticmethod
    def duration(seconds: float | None) -> str:
        """``42 s``, ``12 min``, ``3 h 05 min``."""
        if seconds is None or not math.isfinite(seconds):
            return NONE
        if seconds < 90:  # noqa: PLR2004  # as people say it
            return f"{seconds:.0f} s"
        minutes = round(seconds / 60)
        return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004  # as above

    @staticmethod
    def count(number: float | None, of: str, many: str = "") -> str:
        """``1 vehicle``, ``1,234 vehicles``."""
        if number is None:
            return NONE
        return f"{number:,.0f} {of if number == 1 else many or of + 's'}"

    @staticmethod
    def bytes(number: float | None) -> str:
        """``12.3 MB``."""
        if number is None:
            return NONE
        for symbol, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
            if number >= size:
                return f"{number / size:,.1f} {symbol}"
        return f"{number:,.0f} B"

    @staticmethod
    def escaped(text: object) -> Markup:
        """A text, safe in HTML."""
        return escape(text)


def _moment(moment: str | datetime) -> datetime:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _number(value: float, digits: int | None) -> str:
    if digits is not None:
        return f"{value:,.{digits}f}"
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004  # beyond it a float has no units place
        return f"{value:,.0f}"
    size = abs(value)
    behind = 0 if size >= 1_000 else 1 if size >= 100 else 2 if size >= 1 else 4  # noqa: PLR2004  # four figures or so
    return f"{value:,.{behind}f}"
