"""Names and patterns of vehicles and signals, as SQL and against the statistics of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_WILD = re.compile(r"[*?]")


def is_pattern(name: str) -> bool:
    """Whether a name stands for several: it holds ``*`` (any text) or ``?`` (any character)."""
    return _WILD.search(name) is not None


def condition(column: str, wanted: Sequence[str], parameters: dict[str, Any]) -> str:
    """SQL that is true where the column is one of the names or fits one of the patterns; adds its parameters."""
    exact = [name for name in wanted if not is_pattern(name)]
    parts = []
    if exact:
        parts.append(f"{column} IN (SELECT unnest(${column}s))" if len(exact) > 1 else f"{column} = ${column}s[1]")
        parameters[f"{column}s"] = exact
    for number, name in enumerate(name for name in wanted if is_pattern(name)):
        parts.append(f"{column} GLOB ${column}_{number}")
        parameters[f"{column}_{number}"] = name.replace("[", "[[]")
    return f"({' OR '.join(parts)})"


def may_lie_between(name: str, low: str, high: str) -> bool:
    """Whether a name or pattern can be met by any text from ``low`` to ``high``."""
    found = _WILD.search(name)
    if found is None:
        return low <= name <= high
    prefix = name[: found.start()]
    return low[: len(prefix)] <= prefix <= high[: len(prefix)]
