"""The twin: the last value of every signal of every vehicle, and questions to the whole fleet."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaido.twin.client import TwinClient
    from kaido.twin.columns import VEHICLE_SCHEMA, Twin

__all__ = ["VEHICLE_SCHEMA", "Twin", "TwinClient"]

_WHERE = {
    "TwinClient": "kaido.twin.client",
    "VEHICLE_SCHEMA": "kaido.twin.columns",
    "Twin": "kaido.twin.columns",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: who only writes a condition needs no Arrow."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
