"""``kaido agent``: the agent in a car, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import single
from kaido.errors import InvalidInputError
from kaido.runtime import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent.bus import BusName
    from kaido.agent.config import AgentConfig
    from kaido.agent.diagnostics.reader import EcuReader
    from kaido.agent.fleetwise import FileSettings
    from kaido.cli.context import Session
    from kaido.runtime.status import Report

_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--vehicle", "--id", "vehicle", metavar="ID", help="The vehicle.  [default: the certificate's CN]"),
    click.option("--endpoint", metavar="HOST:PORT", help="The gateway.  [default: the platform on the data folder]"),
    click.option(
        "--credentials",
        "--identity",
        "credentials",
        metavar="DIR",
        type=_PATH,
        help="The folder that `kaido vehicle enrol --out DIR` wrote.",
    ),
    click.option("--certificate", metavar="FILE", type=_PATH, help="The vehicle's certificate, PEM."),
    click.option("--key", metavar="FILE", type=_PATH, help="Its private key, PEM."),
    click.option("--ca", metavar="FILE", type=_PATH, help="The authority of the gateway's certificate, PEM."),
    click.option(
        "--command-key",
        metavar="FILE",
        type=_PATH,
        help="The company's key for commands, PEM: only those that it signed are carried out.",
    ),
    click.option("--server-name", metavar="NAME", help="The name in the gateway's certificate, if not HOST."),
    click.option("--config", metavar="FILE", type=_PATH, help="A FleetWise edge agent's configuration (JSON)."),
    click.option("--state", metavar="DIR", type=_PATH, help="Outbox and documents.  [default: DATA/agent/ID]"),
    click.option(
        "--topics",
        type=click.Choice(["fleetwise", "kaido"]),
        help="The spelling of the topics.  [default: fleetwise]",
    ),
    click.option(
        "--outbox-mb",
        type=click.IntRange(1, 1_000_000),
        default=256,
        show_default=True,
        help="What the outbox holds of what may be sent; beyond it the oldest is dropped.",
    ),
    click.option(
        "--stored-mb",
        type=click.IntRange(1, 1_000_000),
        default=256,
        show_default=True,
        help="What the partitions of campaigns hold together until they may be sent.",
    ),
)


software_option = click.option(
    "--software",
    "software_of",
    metavar="MODULE:NAME",
    help="The vehicle's Software, from a Python function without arguments: functions, fetches, actuators, values.",
)


def connection_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say who the vehicle is and where the gateway."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def make_config(session: Session, options: dict[str, Any], **changes: Any) -> tuple[AgentConfig, FileSettings]:
    """The agent's settings: options first, then the configuration file, then the credentials and the local platform.

    Raises:
        InvalidInputError: something is missing or cannot be.
    """
    from kaido.agent.config import AgentConfig, Endpoint, parse_endpoint  # noqa: PLC0415  # heavy; `--help` does without
    from kaido.agent.credentials import Credentials, vehicle_of  # noqa: PLC0415
    from kaido.agent.fleetwise import FileSettings, read_config  # noqa: PLC0415
    from kaido.wire.topics import FLEETWISE, KAIDO  # noqa: PLC0415

    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    home = session.settings.data / "agent"
    file = read_config(given["config"], given.get("state", home)) if "config" in given else FileSettings()
    folder = Credentials.in_folder(given["credentials"]) if "credentials" in given else None

    def path(name: str) -> Path:
        found = given.get(name) or getattr(file, name) or getattr(folder, name, None)
        if found is None:
            raise InvalidInputError(
                f"no {name} is named",
                fix=f"Give --credentials DIR (`kaido vehicle enrol ID --out DIR` writes it), or --{name} FILE",
            )
        return Path(found)

    certificate, key, ca = path("certificate"), path("key"), path("ca")
    vehicle = given.get("vehicle") or file.vehicle or vehicle_of(certificate)
    if "endpoint" in given:
        host, port = parse_endpoint(given["endpoint"])
    elif file.host is not None and file.port is not None:
        host, port = file.host, file.port
    else:
        host, port = parse_endpoint(_local_gateway(session.settings.run / "platform.json"))
    spelling = {"fleetwise": FLEETWISE, "kaido": KAIDO}.get(given.get("topics", ""))
    known: dict[str, Any] = {
        "keep_alive_s": file.keep_alive_s,
        "ping_timeout_s": file.ping_timeout_s,
        "session_expiry_s": file.session_expiry_s,
        "prefixes": spelling or file.prefixes,
    }
    config = AgentConfig(
        vehicle,
        Endpoint(host, port, certificate, key, ca, given.get("server_name")),
        given.get("state") or home / vehicle,
        outbox_bytes=given["outbox_mb"] * 1_000_000,
        stored_bytes=given["stored_mb"] * 1_000_000,
        command_key=given.get("command_key") or (folder.command_key if folder else None),
        **{name: value for name, value in known.items() if value is not None},
        **changes,
    )
    return config, file


def _local_gateway(record: Path) -> str:
    try:
        return str(json.loads(record.read_text())["gateway"])
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInputError(
            "no gateway is named, and no platform runs on the data folder",
            fix="Give --endpoint HOST:PORT, or start one: kaido up",
        ) from error


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _ecus(buses: list[BusName], every_s: float | None, report: Report) -> EcuReader | None:
    if not buses:
        return None
    from kaido.agent.diagnostics.reader import EcuReader  # noqa: PLC0415  # an extra

    return EcuReader(buses, report, every_s=every_s or 5.0)


@single("agent")
@click.option(
    "--bus", "buses", multiple=True, metavar="[NAME=]INTERFACE:CHANNEL", help="A bus, like socketcan:can0; repeatable."
)
@click.option(
    "--obd",
    "asked",
    multiple=True,
    metavar="[NAME=]INTERFACE:CHANNEL",
    help="A bus whose ECUs may be asked for PIDs and trouble codes, where campaigns want them; repeatable.",
)
@click.option("--obd-seconds", type=click.FloatRange(0.1), help="Between two rounds of asking.  [default: 5]")
@click.option(
    "--actuators",
    "actuators_of",
    metavar="MODULE:NAME",
    help="A Python function without arguments that returns the vehicle's Actuators: what commands can set.",
)
@software_option
@click.option("--checkin-seconds", type=click.FloatRange(1), default=120, show_default=True, help="Between checkins.")
@connection_options
def agent(
    session: Session,
    buses: tuple[str, ...],
    asked: tuple[str, ...],
    obd_seconds: float | None,
    actuators_of: str | None,
    software_of: str | None,
    checkin_seconds: float,
    **options: Any,
) -> None:
    """Run the agent in a car: read its buses, collect what campaigns ask for, lose nothing.

    A bus is socketcan:can0, or any other that python-can knows (virtual:test, slcan:/dev/ttyACM0 …). NAME= is the name
    that decoder manifests call the bus by, if it is not the channel's.
    """
    import uvloop  # noqa: PLC0415  # heavy; `kaido agent --help` does without

    from kaido.agent import Agent  # noqa: PLC0415
    from kaido.agent.bus import BusSource, parse_bus  # noqa: PLC0415
    from kaido.agent.plugin import load_actuators, load_software  # noqa: PLC0415
    from kaido.runtime.status import Report  # noqa: PLC0415

    log.set_up(session.settings.log_level)
    config, file = make_config(session, options, checkin_interval_s=checkin_seconds)
    names = [parse_bus(one) for one in buses] or file.buses
    if not names:
        raise InvalidInputError("no bus is named", fix="Give --bus socketcan:can0; for a recording: kaido drive FILE")
    report = Report("agent")
    actuators = None if actuators_of is None else load_actuators(actuators_of)
    software = load_software(software_of) if software_of else None
    ecus = _ecus([parse_bus(one) for one in asked] or file.diagnostics, obd_seconds or file.obd_s, report)
    one = Agent(config, BusSource(names, report), report, actuators, ecus, software)

    async def run() -> None:
        await one.run(stop_on_signals())

    uvloop.run(run())
    session.out.item(one.summary().to_dict())
