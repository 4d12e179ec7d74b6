"""``/metrics``: what every process counts, as Prometheus reads it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import APIRouter, Response

from kaido.api.auth import Operator, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.status import reports

router = APIRouter(tags=["operations"])


@router.get("/metrics", summary="Counters and gauges of all processes, for Prometheus")
async def metrics(_: Operator, rooms: Rooms) -> Response:
    """The text format 0.0.4; needs an operator's token. Every series has the labels component and instance."""
    return Response(exposition(await reports(rooms)), media_type="text/plain; version=0.0.4; charset=utf-8")


def exposition(found: list[dict[str, Any]]) -> str:
    """The reports as Prometheus text: one TYPE line a metric, then its series."""
    series: dict[tuple[str, str], list[str]] = defaultdict(list)
    for report in found:
        own = f'component="{report["component"]}",instance="{report["pid"]}"'
        values = {"counter": report["counters"], "gauge": {**report["gauges"], "uptime_seconds": report["uptime_s"]}}
        for kind, numbers in values.items():
            for name, value in numbers.items():
                metric, _, labels = name.partition("{")
                more = f",{labels[:-1]}" if labels else ""
                number = int(value) if isinstance(value, bool) else value  # Prometheus reads no True
                series[f"kaido_{metric}", kind].append(f"kaido_{metric}{{{own}{more}}} {number}")
    lines: list[str] = []
    for (metric, kind), values_of in sorted(series.items()):
        lines += [f"# TYPE {metric} {kind}", *values_of]
    return "\n".join(lines) + "\n"
