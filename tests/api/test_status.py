"""What runs, what is wrong and what to do: over the API, without and with NATS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kaido.api import checks, metrics
from kaido.journal import EmbeddedServer, Journal, serve_status
from kaido.runtime.settings import load
from kaido.runtime.status import Report
from kaido.services import progress

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import World


async def test_without_nats_every_process_is_missed(world: World) -> None:
    status = await world.a.ask("GET", "/status")
    assert status["state"] == "in trouble"
    assert {row["component"]: row["state"] for row in status["processes"]} == {
        "api": "running",
        "gateway": "away",
        "ingest": "away",
        "control": "away",
        "services": "away",
    }
    assert "ingest does not answer" in status["problems"]
    assert status["lake"]["signals"]["rows"] == 0


async def test_the_operator_needs_to_name_no_company_and_alone_sees_numbers(world: World) -> None:
    world.services.report.count("requests_total", 3)
    assert (await world.operator.ask("GET", "/status"))["company"] == ""
    shown = {row["component"]: row["counters"] for row in (await world.operator.ask("GET", "/status"))["processes"]}
    assert shown["api"]["requests_total"] == 3
    hidden = {row["component"]: row["counters"] for row in (await world.a.ask("GET", "/status"))["processes"]}
    assert hidden["api"] == {}


async def test_a_company_sees_its_own_numbers_and_problems_alone(world: World) -> None:
    report = world.services.report
    report.problem("ours", "the disk is full")
    for company in ("a", "b", "ab"):
        report.count("values_total", 1, company=company, partition="0", reason=f'x",company="{company}')
        report.gauge("stream_lag_seconds", 99.0, company=company)
        report.problem(f"lake of {company}", f"the lake of {company} is away", company)
    for caller, company in ((world.a, "a"), (world.b, "b")):
        found = await caller.ask("GET", "/status")
        row = next(row for row in found["processes"] if row["component"] == "api")
        assert list(row["gauges"]) == [f'stream_lag_seconds{{company="{company}"}}']
        assert len(row["counters"]) == 1
        assert sorted(row["problems"].values()) == ["the disk is full", f"the lake of {company} is away"]
        doctor = await caller.ask("GET", "/doctor")
        said = [one["what"] for one in doctor["findings"] if one["check"] == "process api"]
        assert sorted(said) == ["is 99 s behind the journal", "the disk is full", f"the lake of {company} is away"]
    report.problem("lake of a", None)
    report.problem("ours", None)
    found = await world.a.ask("GET", "/status")
    assert next(row for row in found["processes"] if row["component"] == "api")["state"] == "running"
    assert found["disk"]["free_bytes"] <= found["disk"]["total_bytes"]


async def test_doctor_says_what_to_do_about_each_thing(world: World) -> None:
    found = await world.a.ask("GET", "/doctor")
    assert not found["ok"]
    wrong = [finding for finding in found["findings"] if not finding["ok"]]
    assert found["findings"][: len(wrong)] == wrong, "what is wrong comes first"
    assert {"vehicles", "process gateway"} <= {finding["check"] for finding in wrong}
    assert all(finding["fix"] for finding in wrong)
    assert "disk" not in {finding["check"] for finding in found["findings"]}, "the machine is the operator's business"
    assert "disk" in {finding["check"] for finding in (await world.operator.ask("GET", "/doctor"))["findings"]}


async def test_doctor_misses_the_key_of_an_authority(world: World) -> None:
    (world.services.settings.data / "secrets" / "a" / "ca.key").unlink()
    findings = (await world.a.ask("GET", "/doctor"))["findings"]
    found = next(one for one in findings if one["check"] == "certificate authority")
    assert not found["ok"]
    assert found["what"] == "its key secrets/a/ca.key cannot be read: no vehicle can be enrolled"


async def test_doctor_takes_the_services_notes_for_no_table(world: World) -> None:
    with progress.alone(world.services.lake("a").folder):
        findings = (await world.a.ask("GET", "/doctor"))["findings"]
    assert {"check": "lake", "ok": True, "what": "0 samples in 0.0 MB", "fix": ""} in findings


async def test_a_problem_that_a_process_reports_is_shown_until_it_is_gone(world: World, tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server:
        settings = load(data=tmp_path)
        ours = await Journal.connect(server.url, server.token, settings, name="api")
        theirs = await Journal.connect(server.url, server.token, settings, name="ingest")
        try:
            world.services.journal = ours
            report = Report("ingest")
            await serve_status(theirs.nats, report)
            report.problem("lake", "the disk is full")
            assert "ingest: the disk is full" in (await world.a.ask("GET", "/status"))["problems"]
            report.problem("lake", None)
            assert not [p for p in (await world.a.ask("GET", "/status"))["problems"] if p.startswith("ingest")]
            found = await world.operator.ask("GET", "/doctor")
            assert {"check": "journal", "ok": True, "what": "NATS answers", "fix": ""} in found["findings"]
        finally:
            world.services.journal = None
            await theirs.close()
            await ours.close()


@pytest.mark.parametrize(("lag", "ok"), [(0.2, True), (120.0, False)])
def test_work_that_waits_is_a_finding(lag: float, ok: bool) -> None:
    [finding] = checks.process("ingest", "running", {}, {"lag_seconds": lag})
    assert finding.ok is ok
    assert ok or "120 s behind" in finding.what


async def test_metrics_are_for_the_operator(world: World) -> None:
    for caller, code in ((world.a, 403), (world.nobody, 401), (world.operator, 200)):
        headers = {"Authorization": f"Bearer {caller.secret}"} if caller.secret else {}
        assert (await caller.http.get("/metrics", headers=headers)).status_code == code


def test_metrics_are_in_the_format_of_prometheus() -> None:
    report = Report("gateway")
    report.count("refused_total", reason='odd "one"\n')
    report.count("publishes_total", 12)
    report.gauge("connections", 3)
    report.gauge("reading", True)  # as the gateway says it
    text = metrics.exposition([report.snapshot(), report.snapshot()])
    line = re.compile(r'kaido_\w+\{(\w+="(\\.|[^"\\])*",?)+\} -?[0-9.e+-]+')
    kinds: dict[str, str] = {}
    for row in text.splitlines():
        if row.startswith("# TYPE"):
            _, _, name, kind = row.split(" ")
            assert name not in kinds, "one TYPE line a metric"
            kinds[name] = kind
        else:
            assert line.fullmatch(row), row
            assert row.partition("{")[0] in kinds
    assert kinds["kaido_refused_total"] == "counter"
    assert kinds["kaido_connections"] == "gauge"
