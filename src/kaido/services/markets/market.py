"""Markets as data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from kaido.errors import NotFoundError
from kaido.services.markets.units import Reading, unit

ANYWHERE = "anywhere"
CONNECTORS = ("J1772", "CCS1", "NACS", "CHAdeMO", "GB/T", "CCS2", "Type 2", "unknown")
"""Every connector there is, as charging sessions name them; NACS is SAE J3400."""


@dataclass(frozen=True)
class Cycle:
    """A certification cycle.

    Attributes:
        current: whether labels of today carry it.
    """

    name: str
    regulation: str
    current: bool


@dataclass(frozen=True)
class Residency:
    """Where data of cars may lie without more ado.

    Attributes:
        regions: countries, groups of them, or ``anywhere``.
        basis: the law.
    """

    regions: tuple[str, ...]
    basis: str


@dataclass(frozen=True)
class Market:
    """A market by its ISO 3166 code.

    Attributes:
        zones: IANA names; the first is where most people live.
        reading: the units in which its people read numbers.
        ac, dc: connectors.
        home_w, home_volts, home_phases: a usual charger at home.
        tariff: an example of a tariff as it has them.
    """

    code: str
    name: str
    currency: str
    zones: tuple[str, ...]
    reading: Reading
    ac: tuple[str, ...]
    dc: tuple[str, ...]
    home_w: float
    home_volts: float
    home_phases: int
    cycles: tuple[Cycle, ...]
    tariff: str
    residency: Residency

    def may_lie(self, country: str) -> bool:
        """Whether data of this market's cars may lie in a country without more ado."""
        for region in self.residency.regions:
            if region in {ANYWHERE, country} or country in _loaded()["groups"].get(region, ()):
                return True
        return country == self.code

    def to_document(self) -> dict[str, Any]:
        """As the API shows it."""
        entry: dict[str, Any] = _loaded()["markets"][self.code]
        return {"code": self.code} | entry


@cache
def markets() -> dict[str, Market]:
    """All markets by code."""
    return {code: _market(code, entry) for code, entry in _loaded()["markets"].items()}


def market(code: str) -> Market:
    """The market of that code.

    Raises:
        NotFoundError: there is none.
    """
    known = markets()
    if code not in known:
        raise NotFoundError.of("market", code, known, fix=f"The markets are {', '.join(known)}")
    return known[code]


def _market(code: str, entry: dict[str, Any]) -> Market:
    units, home = entry["units"], entry["home"]
    return Market(
        code,
        entry["name"],
        entry["currency"],
        tuple(entry["zones"]),
        Reading(
            unit(units["distance"], "distance"),
            unit(units["speed"], "speed"),
            unit(units["temperature"], "temperature"),
            tuple(unit(symbol, "consumption") for symbol in units["consumption"]),
        ),
        tuple(entry["connectors"]["ac"]),
        tuple(entry["connectors"]["dc"]),
        float(home["watts"]),
        float(home["volts"]),
        int(home["phases"]),
        tuple(Cycle(**cycle) for cycle in entry["cycles"]),
        entry["tariff"],
        Residency(tuple(entry["residency"]["regions"]), entry["residency"]["basis"]),
    )


@cache
def _loaded() -> dict[str, Any]:
    text = files("kaido.services.markets").joinpath("markets.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
