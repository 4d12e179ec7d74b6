"""Figures as rows of one table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaido.bench.figure import Figure
    from kaido.bench.result import Result

COLUMNS = ("bench", "figure", "value", "unit", "bound", "ok", "spread", "peer", "peer value", "times better")


def rows(results: Iterable[Result]) -> list[dict[str, str]]:
    """A row a figure; a bench that failed has one that says why."""
    found = []
    for result in results:
        if result.failed:
            found.append(_row(result.bench, "failed: " + result.failed))
        found += [_of(result.bench, figure) for figure in result.figures]
    return found


def text(results: Iterable[Result]) -> str:
    """The table for people, columns aligned."""
    lines = [dict(zip(COLUMNS, COLUMNS, strict=True)), *rows(results)]
    widths = {column: max(len(line[column]) for line in lines) for column in COLUMNS}
    return "".join("  ".join(f"{line[c]:<{widths[c]}}" for c in COLUMNS).rstrip() + "\n" for line in lines)


def number(value: float | None) -> str:
    """A number with three digits that count; thousands apart."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def _of(bench: str, figure: Figure) -> dict[str, str]:
    sign = "≥" if figure.better == "higher" else "≤"
    peer = figure.peer + (f" (left out: {figure.left_out})" if figure.left_out else "")
    several = figure.runs > 1 and figure.low is not None
    return _row(
        bench,
        figure.name,
        number(figure.value),
        figure.unit,
        "" if figure.bound is None else f"{sign} {number(figure.bound)}",
        {True: "yes", False: "NO", None: ""}[figure.ok],
        f"{number(figure.low)} to {number(figure.high)}" if several else "",
        peer.strip(),
        "" if figure.peer_value is None else number(figure.peer_value),
        "" if figure.ratio is None else number(figure.ratio),
    )


def _row(*cells: str) -> dict[str, str]:
    return dict(zip(COLUMNS, [*cells, *[""] * (len(COLUMNS) - len(cells))], strict=True))
