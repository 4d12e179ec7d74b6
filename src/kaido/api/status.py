"""``/v1/status`` and ``/v1/doctor``: what runs, what lags, what is wrong and what to do."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import checks, clocks
from kaido.api.auth import Caller, CompanyHeader, CompanyQuery, Rooms, Who, need, reader
from kaido.errors import InvalidInputError, NotFoundError
from kaido.journal import gather_status
from kaido.runtime import clock

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
    gauges: dict[str, float] = Field(description="What it is now; without an operator's token, of the company alone.")
    counters: dict[str, float] = Field(description="What only grows since it started; likewise.")


class Disk(BaseModel):
    """The disk of the data folder."""

    free_bytes: int
    total_bytes: int


class Status(BaseModel):
    """The platform and one company's data on it."""

    state: str
    asked: datetime = Field(description="When this was so.")
    company: str
    processes: list[ProcessStatus]
    vehicles: int
    connected: int | None = Field(description="Vehicles that hold a connection; null where nobody can say.")
    lake: dict[str, Any]
    disk: Disk
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


def _processes(rooms: Services, found: list[dict[str, Any]], caller: Caller) -> list[ProcessStatus]:
    rows = [_process(report, caller) for report in found if not rooms.embedded]
    several = {"gateway": rooms.settings.gateways, "ingest": rooms.settings.ingests}
    expected = Counter({"control": 1, "services": 1, "api": 1, **several})
    missing = [] if rooms.embedded else (expected - Counter(row.component for row in rows)).elements()
    rows += [
        ProcessStatus(component=name, pid=None, uptime_s=None, state="away", problems={}, gauges={}, counters={})
        for name in missing
    ]
    return rows


def _process(report: dict[str, Any], caller: Caller) -> ProcessStatus:
    """A process as the caller may see it: the operator all of it, others nothing that tells of another company."""
    problems, gauges, counters = report["problems"], report["gauges"], report["counters"]
    if not caller.is_operator:
        concerns = report["concerns"]
        problems = {key: text for key, text in problems.items() if concerns.get(key) in {None, caller.company}}
        gauges, counters = _own(gauges, caller.company), _own(counters, caller.company)
    return ProcessStatus(
        component=report["component"],
        pid=report["pid"],
        uptime_s=report["uptime_s"],
        state="in trouble" if problems else "running",
        problems=problems,
        gauges=gauges,
        counters=counters,
    )


def _own(numbers: dict[str, float], company: str) -> dict[str, float]:
    """The series that are labelled with the company."""
    label = re.compile(rf'[{{,]company="{re.escape(company)}"[,}}]')
    return {name: value for name, value in numbers.items() if label.search(name)}


@router.get("/status", summary="What runs, what lags, what is wrong")
async def status(caller: Viewer, rooms: Rooms) -> Status:
    """The processes, and how much of the company's data there is. A company sees the numbers that are its own."""
    asked = clock.now()
    rows = _processes(rooms, await reports(rooms), caller)
    problems = [f"{row.component}: {text}" for row in rows for text in row.problems.values()]
    problems += [f"{row.component} does not answer" for row in rows if row.state == "away"]
    vehicles, connected, lake = await run_in_threadpool(_company, rooms, caller) if caller.company else (0, None, {})
    disk = await run_in_threadpool(shutil.disk_usage, rooms.settings.data)
    return Status(
        state="not running" if rooms.embedded else "in trouble" if problems else "running",
        asked=asked,
        company=caller.company,
        processes=rows,
        vehicles=vehicles,
        connected=connected,
        lake=lake,
        disk=Disk(free_bytes=disk.free, total_bytes=disk.total),
        problems=problems,
    )


def _company(rooms: Services, caller: Caller) -> tuple[int, int | None, dict[str, Any]]:
    company = caller.company
    return rooms.vehicles.count(company), rooms.presence.connected(company), rooms.lake(company).statistics()


@router.get("/doctor", summary="What is wrong and what to do about it")
async def doctor(caller: Viewer, rooms: Rooms) -> Findings:
    """Looks at everything that commonly goes wrong. The operator also sees the machine's side."""
    found = await reports(rooms)
    rows = _processes(rooms, found, caller)
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
