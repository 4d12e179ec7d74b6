"""What a person chose to see on the page of signals: all of it is in the URL."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kaido.console.page import link

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

USUAL, ALL = "-1h", "all"
"""What ``start`` is where the URL does not say, and where no time is left out."""
POINTS = 1_200
"""Of each line, about: more than a screen has columns."""
MOST_ROWS = 10_000_000
"""Of a download: the most that the API gives."""
PRESETS = (("15 min", "-15m"), ("1 h", "-1h"), ("6 h", "-6h"), ("24 h", "-1d"), ("7 d", "-7d"), ("30 d", "-30d"))
FORMATS = {"csv": "CSV", "parquet": "Parquet", "arrow": "Arrow"}


@dataclass(frozen=True)
class Chosen:
    """Vehicles, signals and a time.

    Attributes:
        vehicles: ids, or patterns like ``car-*``.
        signals: paths, or patterns.
        start: as the API takes it: ``-2h``, or ISO 8601 with its zone; or ``ALL``.
        end: likewise; empty where nothing is left out.
    """

    vehicles: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    start: str = USUAL
    end: str = ""

    def url(self) -> str:
        """The page that shows it."""
        return link("/signals", **self._names(), start=self.start, end=self.end)

    def with_time(self, start: str, end: str = "") -> Chosen:
        """The same at another time."""
        return replace(self, start=start, end=end)

    def without(self, *, vehicle: str = "", signal: str = "") -> Chosen:
        """The same but one."""
        return replace(
            self,
            vehicles=tuple(one for one in self.vehicles if one != vehicle),
            signals=tuple(one for one in self.signals if one != signal),
        )

    def series(self) -> str:
        """Where the API has what is drawn; empty where nothing is chosen."""
        if not self.vehicles or not self.signals:
            return ""
        return link("/signals/series", **self._names(), **self.time(), points=POINTS)

    def time(self) -> dict[str, str]:
        """As the API is asked for it."""
        given = {"start": "" if self.start == ALL else self.start, "end": self.end}
        return {name: value for name, value in given.items() if value}

    def downloads(self) -> list[tuple[str, str, str]]:
        """Every sample, in each format: its name, the address, the file's name."""
        return [
            (name, link("/v1/signals", **self._names(), **self.time(), format=form, limit=MOST_ROWS), f"signals.{form}")
            for form, name in FORMATS.items()
        ]

    def command(self) -> str:
        """The same on the command line."""
        first, *others = self.vehicles or ("VEHICLE",)
        words = ["kaido", "signals", first, *(self.signals or ("SIGNAL",))]
        words += [f"--vehicle={one}" for one in others]
        words += [f"--{name}={value}" for name, value in self.time().items()]
        return shlex.join([*words, f"--points={POINTS}"])

    def python(self, url: str) -> str:
        """The same in Python.

        Args:
            url: the API's address.
        """
        given = [repr(list(self.vehicles)), repr(list(self.signals))]
        given += [f"{name}={value!r}" for name, value in self.time().items()]
        arguments = "".join(f"        {one},\n" for one in (*given, f"points={POINTS}"))
        return (
            "import os\n\n"
            "from kaido.client import Client\n\n"
            f'with Client({url!r}, os.environ["KAIDO_TOKEN"]) as kaido:\n'
            f"    frame = kaido.signals(\n{arguments}    )\n"
            "print(frame)\n"
        )

    def _names(self) -> dict[str, list[str]]:
        return {"vehicle": list(self.vehicles), "signal": list(self.signals)}


def with_zone(text: str, zone: ZoneInfo) -> str:
    """A time that a person wrote by their own clock, said in UTC; anything else is left as it is."""
    text = text.strip()
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if given.tzinfo else given.replace(tzinfo=zone).astimezone(UTC).isoformat().replace("+00:00", "Z")


def by_clock(text: str, zone: ZoneInfo) -> str:
    """The opposite: how a form shows a time to its person."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return text
    return given.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00") if given.tzinfo else text
