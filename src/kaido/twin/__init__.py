"""The twin: the last value of every signal of every vehicle, and questions to the whole fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.runtime import lazy

if TYPE_CHECKING:
    from kaido.twin.client import TwinClient
    from kaido.twin.columns import VEHICLE_SCHEMA, Twin

__all__ = ["VEHICLE_SCHEMA", "Twin", "TwinClient"]

__getattr__ = lazy.parts(
    __name__,
    {
        "TwinClient": "client",
        "VEHICLE_SCHEMA": "columns",
        "Twin": "columns",
    },
)  # who only writes a condition needs no Arrow
