"""``kaido demo``: the whole platform with a simulated fleet, and a live table of what arrives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from kaido.cli.context import single
from kaido.cli.starting import started
from kaido.errors import UnavailableError
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kaido.cli.context import Session
    from kaido.client import Client
    from kaido.platform.supervisor import Platform
    from kaido.runtime.settings import Settings

COMPANY = "demo"
USER = "demo"
SHOWN = {
    "Vehicle.Speed": "speed km/h",
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current": "charge %",
    "Vehicle.Powertrain.TractionBattery.CurrentPower": "power W",
    "Vehicle.TraveledDistance": "odometer km",
}
ROWS = 12
MOST_CARS = 500
LINE_SECONDS = 5.0
FREE_PORTS = {"KAIDO_GATEWAY_PORT": "gateway_port", "KAIDO_API_PORT": "api_port"}


@single("demo")
@click.option("--cars", type=click.IntRange(1, 2000), default=50, show_default=True, help="Simulated cars.")
@click.option("--seconds", type=float, help="End by itself this long after the first data.")
def demo(session: Session, cars: int, seconds: float | None) -> None:
    """Start everything with a simulated fleet and watch it arrive, until Ctrl-C."""
    if "KAIDO_DATA" not in os.environ and "--data" not in sys.argv:
        session.settings = session.settings.model_copy(update={"data": Path("kaido-data").absolute()})
    session.settings = _with_free_ports(session.settings)
    result = asyncio.run(_demo(session, cars, seconds))
    session.out.done("the demo has ended; its data stays in " + str(session.settings.data), result)


def _with_free_ports(settings: Settings) -> Settings:
    """Ports that nobody named move aside when another program has them: a demo should start."""
    from kaido.platform.supervisor import port_is_free  # noqa: PLC0415  # heavy; `kaido demo --help` does without

    hosts = {"gateway_port": settings.gateway_host, "api_port": settings.api_host}
    moved = {
        name: 0
        for variable, name in FREE_PORTS.items()
        if variable not in os.environ and not port_is_free(hosts[name], getattr(settings, name))
    }
    return settings.model_copy(update=moved)


async def _demo(session: Session, cars: int, seconds: float | None) -> dict[str, Any]:
    from kaido.client import Client  # noqa: PLC0415  # heavy, as above
    from kaido.platform.supervisor import Platform  # noqa: PLC0415
    from kaido.sim.drives import check_installed  # noqa: PLC0415
    from kaido.sim.fleet import run_fleet  # noqa: PLC0415

    check_installed()
    began = time.monotonic()
    session.out.say(f"starting on {session.settings.data} …")
    platform = Platform(session.settings)
    async with started(platform) as stop:
        with contextlib.closing(Client(platform.api, platform.token, company=COMPANY)) as client:
            alone = await asyncio.to_thread(_prepare, client)
            token, password = await asyncio.to_thread(_admit, client)
            _greet(session, platform, token, password, "" if alone else f"--company {COMPANY} ")
            fleet = asyncio.create_task(
                run_fleet(client, cars=cars, state=session.settings.data / "sim", endpoint=platform.gateway, stop=stop)
            )
            watch = asyncio.create_task(_watch(session, client, stop, seconds, began))
            try:
                await asyncio.wait({fleet, watch}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stop.set()
                session.out.say("ending: the cars first, then the platform …")
                results = await asyncio.gather(fleet, watch, return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            status = await asyncio.to_thread(client.get, "/v1/status")
            return {
                "api": platform.api,
                "gateway": platform.gateway,
                "first_data_s": watch.result(),
                "vehicles": status["vehicles"],
                "samples": status["lake"]["signals"]["rows"],
            }


def _prepare(client: Client) -> bool:
    """See that the demo's company is there; whether the folder has no other one."""
    companies = {company["name"] for company in client.pages("/v1/companies")}
    if COMPANY not in companies:
        client.post("/v1/companies", json={"name": COMPANY})
    return companies <= {COMPANY}


def _admit(client: Client) -> tuple[str, str]:
    """A token for the API, and a password for the console, for whoever watches; each start makes new ones."""
    from kaido.company import passwords  # noqa: PLC0415  # heavy, as above

    made = client.post("/v1/tokens", json={"name": f"demo {clock.iso(clock.now())}", "scopes": ["read", "write"]})
    password = passwords.generated()
    if USER in {user["name"] for user in client.pages("/v1/users")}:
        again = {"role": "administrator", "disabled": False, "password": password}
        client.patch(f"/v1/users/{USER}", json=again)
    else:
        client.post("/v1/users", json={"name": USER, "role": "administrator", "password": password})
    return str(made["secret"]), password


TRY = (
    'fleet --where "Vehicle.Speed > 50"',
    'sql "SELECT signal, count(*) AS samples FROM signals GROUP BY signal ORDER BY samples DESC"',
    "status",
    "command send sim-us-0001 Vehicle.Body.Lights.Hazard.IsSignaling=true",
)


def _greet(session: Session, platform: Platform, token: str, password: str, naming: str) -> None:
    program = "kaido" if shutil.which("kaido") else os.path.relpath(sys.argv[0])
    start = f"  {program} --data {os.path.relpath(session.settings.data)} {naming}"
    lines = [
        "",
        f"The console is {platform.api}/ — sign in as {USER} with the password {password}",
        f"The API is {platform.api} (its pages: {platform.api}/docs). A token for it, of company '{COMPANY}':",
        f"  {token}",
        "Four commands to try in another terminal:",
        *(start + command for command in TRY),
        "",
    ]
    session.out.say("\n".join(lines), always=True)


async def _watch(
    session: Session, client: Client, stop: asyncio.Event, seconds: float | None, began: float
) -> float | None:
    """Show what arrives, every second, until ``stop`` or ``seconds`` after the first data.

    Returns:
        Seconds from ``began`` to the first data.
    """
    first: float | None = None
    before: tuple[float, float] | None = None
    with _screen(session) as show:
        while not stop.is_set():
            status, cars = await asyncio.to_thread(_look, client)
            now, values = time.monotonic(), _total(status, "values_total")
            rate = (values - before[1]) / (now - before[0]) if before else 0.0
            before = now, values
            if cars and first is None:
                first = now
            show(status, cars, rate)
            if first is not None and seconds is not None and now - first >= seconds:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
    return None if first is None else round(first - began, 1)


def _look(client: Client) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    status = client.get("/v1/status")
    try:
        cars = client.get("/v1/fleet", {"select": list(SHOWN), "limit": MOST_CARS})["items"]
    except UnavailableError:  # ingest takes up a new company within seconds, and comes back when it was restarted
        return status, []
    return status, sorted(cars, key=_speed, reverse=True)[:ROWS]


def _speed(car: dict[str, Any]) -> float:
    speed = car["values"].get("Vehicle.Speed")
    return float(speed["value"]) if speed else -1.0


def _total(status: dict[str, Any], counter: str) -> float:
    return sum(
        float(value)
        for process in status["processes"]
        for name, value in process["counters"].items()
        if name.partition("{")[0] == counter
    )


@contextlib.contextmanager
def _screen(session: Session) -> Iterator[Callable[[dict[str, Any], list[dict[str, Any]], float], None]]:
    """A table that stays in place on a terminal; else a line every few seconds. Both on stderr: it is talk."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal or session.out.as_json:
        said = 0.0

        def line(status: dict[str, Any], cars: list[dict[str, Any]], rate: float) -> None:
            nonlocal said
            if cars and time.monotonic() - said >= LINE_SECONDS:
                said = time.monotonic()
                session.out.say(_headline(status, rate), always=True)

        yield line
        return
    with Live(console=console, auto_refresh=False) as live:

        def table(status: dict[str, Any], cars: list[dict[str, Any]], rate: float) -> None:
            live.update(_table(status, cars, rate), refresh=True)

        yield table


def _headline(status: dict[str, Any], rate: float) -> str:
    samples = status["lake"]["signals"]["rows"]
    connected = sum(process["gauges"].get("connections", 0) for process in status["processes"])
    return f"{connected:.0f} cars connected, {rate:,.0f} values/s arriving, {samples:,} values in the lake"


def _table(status: dict[str, Any], cars: list[dict[str, Any]], rate: float) -> Table:
    table = Table(title=_headline(status, rate), title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in ("car", "model", "market", *SHOWN.values(), "last seen"):
        table.add_column(name, justify="left" if name in {"car", "model", "market"} else "right")
    now = clock.now()
    for car in cars:
        values = [car["values"].get(path) for path in SHOWN]
        numbers = ["-" if value is None else f"{value['value']:,.1f}" for value in values]
        seen = datetime.fromisoformat(car["last_seen"]) if car["last_seen"] else None
        age = f"{clock.age((now - seen).total_seconds())} ago" if seen else "-"
        table.add_row(car["vehicle"], car["model"], car["market"], *numbers, age)
    return table
