"""Markets as data: units, connectors, currencies, tariffs, certification, and where data may lie."""

from __future__ import annotations

from kaido.services.markets.market import CONNECTORS, Cycle, Market, Residency, market, markets
from kaido.services.markets.units import METRIC, UNITS, Quantity, Reading, Unit, between, unit

__all__ = [
    "CONNECTORS",
    "METRIC",
    "UNITS",
    "Cycle",
    "Market",
    "Quantity",
    "Reading",
    "Residency",
    "Unit",
    "between",
    "market",
    "markets",
    "unit",
]
