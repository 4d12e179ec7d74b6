from __future__ import annotations

import json

from kaido.runtime.status import Report


def test_labels_are_quoted_as_prometheus_wants_them() -> None:
    report = Report("gateway")
    report.count("refused_total", reason='a "b"\nc')
    report.count("refused_total", 2, reason='a "b"\nc')
    assert report.counters == {'refused_total{reason="a \\"b\\"\\nc"}': 3}


def test_a_problem_comes_and_goes() -> None:
    report = Report("ingest")
    report.problem("lake", "the disk is full")
    assert json.loads(report.to_json())["problems"] == {"lake": "the disk is full"}
    report.problem("lake", None)
    assert json.loads(report.to_json())["problems"] == {}
