"""The tables of a company: written exactly once, read by vehicle, signal and time, and by SQL."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaido.lake import query
    from kaido.lake.lake import Lake

__all__ = ["Lake", "query"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the process of a query, below this package, needs none of it."""
    if name == "Lake":
        return importlib.import_module("kaido.lake.lake").Lake
    if name == "query":
        return importlib.import_module("kaido.lake.query")
    raise AttributeError(name)
