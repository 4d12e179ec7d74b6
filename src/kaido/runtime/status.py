"""What a process says about itself: counters, gauges and whether all is well.

Each process holds one ``Report`` and answers on ``kaido.status`` with its JSON; the API gathers them for
``kaido status`` and for Prometheus.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """The counters (only grow) and gauges of one process.

    Names are Prometheus names without the ``kaido_`` prefix; labels are written as in Prometheus:
    ``refused_total{reason="revoked"}``.
    """

    component: str
    counters: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    gauges: dict[str, float] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    concerns: dict[str, str] = field(default_factory=dict)
    """The company that a problem is about, by the problem's key; the others are everyone's."""
    details: dict[str, object] = field(default_factory=dict)
    started: float = field(default_factory=time.time)

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a counter."""
        self.counters[name + _labels(labels)] += by

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self.gauges[name + _labels(labels)] = value

    def problem(self, key: str, text: str | None, company: str | None = None) -> None:
        """Say that something is wrong (what and what to do), or, with None, that it is right again.

        Args:
            key: what it is about.
            text: what people read.
            company: whose it is, where its text or key tells something of a company; no other gets to see it.
        """
        if text is None:
            self.problems.pop(key, None)
            self.concerns.pop(key, None)
        else:
            self.problems[key] = text
            if company is not None:
                self.concerns[key] = company

    def snapshot(self) -> dict[str, Any]:
        """The report as it is now."""
        return {
            "component": self.component,
            "pid": os.getpid(),
            "uptime_s": round(time.time() - self.started, 1),
            "counters": dict(self.counters),
            "gauges": dict(self.gauges),
            "problems": dict(self.problems),
            "concerns": dict(self.concerns),
            "details": dict(self.details),
        }

    def to_json(self) -> bytes:
        """The report as other processes read it."""
        return json.dumps(self.snapshot()).encode()


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    quoted = (f'{key}="{_escape(str(value))}"' for key, value in sorted(labels.items()))
    return "{" + ",".join(quoted) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
