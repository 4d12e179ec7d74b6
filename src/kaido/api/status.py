"""``/v1/status`` and ``/v1/doctor``: what runs, what lags, what is wrong and what to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from kaido.api import checks, clocks
from kaido.api.auth import Caller, CompanyHeader, CompanyQuery, Rooms, Who, need, reader
from kaido.errors import InvalidInputError, NotFoundError
from kaido.journal import gather_status

if TYPE_CHECKING:
    from kaido.api.services import Services

router = APIRouter(tags=["operations"])

GATHER_SECONDS = 1.0


class ProcessStatus(BaseModel):
    """One process of the platform."""

    component: str
    pid: int | None
    uptime_s: float | None
    state: str
    problems: dict[str, str]
    gauges: dict[str, float]
    counters: dict[str, float]


class Status(BaseModel):
    """The platform and one company's data on it."""

    state: str
    company: str
    processes: list[ProcessStatus]
    vehicles: int
    lake: dict[str, Any]
    problems: list[str]


class Findings(BaseModel):
    """What was looked at, worst first."""

    ok: bool
    findings: list[checks.Finding]


def viewer(who: Who, rooms: Rooms, header: CompanyHeader = None, company: CompanyQuery = None) -> Caller:
    """A reader; an operator also before there is a company, or without naming one of several."""
    try:
        return reader(who, rooms, header, company)
    except (NotFoundError, InvalidInputError):
        if who.company is not None or header or company:
            raise
        need(who, "read")
        return Caller("", who.scopes, who.name, is_operator=True)


Viewer = Annotated[Caller, Depends(viewer)]


async def reports(rooms: Services) -> list[dict[str, Any]]:
    """What every process says about itself now; empty where NATS is away or not used."""
    if rooms.journal is None or not rooms.journal.connected:
        return [rooms.report.snapshot()]
    return await gather_status(rooms.journal.nats, timeout=GATHER_SECONDS)


def _processes(rooms: Services, found: list[dict[str, Any]], *, detailed: bool) -> list[ProcessStatus]:
    rows = [
        ProcessStatus(
            component=report["component"],
            pid=report["pid"],
            uptime_s=report["uptime_s"],
            state="in trouble" if report["problems"] else "running",
            problems=report["problems"],
            gauges=report["gauges"] if detailed else {},
            counters=report["counters"] if detailed else {},
        )
        for report in found
        if not rooms.embedded
    ]
    several = {"gateway": rooms.settings.gateways, "ingest": rooms.settings.ingests}
    expected = Counter({"control": 1, "services": 1, "api": 1, **several})
    missing = [] if rooms.embedded else (expected - Counter(row.component for row in rows)).elements()
    rows += [
        ProcessStatus(component=name, pid=None, uptime_s=None, state="away", problems={}, gauges={}, counters={})
        for name in missing
    ]
    return rows


@router.get("/status", summary="What runs, what lags, what is wrong")
async def status(caller: Viewer, rooms: Rooms) -> Status:
    """The processes, and how much of the company's data there is. Counters are shown to the operator alone."""
    found = await reports(rooms)
    rows = _processes(rooms, found, detailed=caller.is_operator)
    problems = [f"{row.component}: {text}" for row in rows for text in row.problems.values()]
    problems += [f"{row.component} does not answer" for row in rows if row.state == "away"]
    vehicles, lake = await run_in_threadpool(_company, rooms, caller) if caller.company else (0, {})
    state = "not running" if rooms.embedded else "in trouble" if problems else "running"
    return Status(state=state, company=caller.company, processes=rows, vehicles=vehicles, lake=lake, problems=problems)


def _company(rooms: Services, caller: Caller) -> tuple[int, dict[str, Any]]:
    return rooms.vehicles.count(caller.company), rooms.lake(caller.company).statistics()


@router.get("/doctor", summary="What is wrong and what to do about it")
async def doctor(caller: Viewer, rooms: Rooms) -> Findings:
    """Looks at everything that commonly goes wrong. The operator also sees the machine's side."""
    found = await reports(rooms)
    rows = _processes(rooms, found, detailed=True)
    findings: list[checks.Finding] = []
    for row in rows:
        findings += checks.process(row.component, row.state, row.problems, row.gauges)
    if rooms.embedded:
        findings.append(checks.not_running(rooms.settings))
    if caller.company:
        findings += await run_in_threadpool(checks.company, rooms, caller.company)
        findings.append(clocks.finding(found, caller.company))
    if caller.is_operator:
        findings += await run_in_threadpool(checks.machine, rooms)
    findings.sort(key=lambda finding: finding.rank)
    return Findings(ok=all(finding.ok for finding in findings), findings=findings)
