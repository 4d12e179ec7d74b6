"""The tables of a company: written exactly once, read by vehicle, signal and time, and by SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.runtime import lazy

if TYPE_CHECKING:
    from kaido.lake import query
    from kaido.lake.lake import Lake

__all__ = ["Lake", "query"]

__getattr__ = lazy.parts(__name__, {"Lake": "lake"})  # the process of a query, below this package, needs none of it
