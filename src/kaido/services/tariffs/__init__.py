"""Tariffs as data: what energy costs and emits, at any time and in any amount."""

from __future__ import annotations

from kaido.services.tariffs.tariff import Cost, Tariff

__all__ = ["Cost", "Tariff"]
