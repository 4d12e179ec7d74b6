"""What ``kaido doctor`` says of the vehicles' clocks; control knows them from checkins."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from kaido.api.checks import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMED = 5


def finding(reports: Iterable[Mapping[str, Any]], company: str) -> Finding:
    """Whose clock is wrong, of one company."""
    count = 0
    worst: dict[str, float] = {}
    for report in reports:
        found = report.get("details", {}).get("clocks", {}).get(company, {})
        count += found.get("wrong", 0)
        worst |= found.get("worst", {})
    if not count:
        return Finding(check="clocks", ok=True, what="no vehicle that checks in has a wrong time")
    named = [f"{vehicle} ({offset_s:+.0f} s)" for vehicle, offset_s in islice(worst.items(), NAMED)]
    if count > len(named):
        named.append("…")
    return Finding(
        check="clocks",
        ok=False,
        what=f"the clocks of {count} vehicles are wrong: {', '.join(named)}",
        fix="Set them. What they sent is stored with the times that they gave",
    )
