"""``kaido diagnose``: what a car's ECUs say about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import single
from kaido.errors import KaidoError, NotFoundError
from kaido.runtime import log

if TYPE_CHECKING:
    from kaido.agent.diagnostics.examine import Examined
    from kaido.cli.context import Session


@single("diagnose")
@click.option("--bus", "bus_text", required=True, metavar="INTERFACE:CHANNEL", help="Where they are: socketcan:can0.")
@click.option(
    "--ecu",
    "ecus",
    multiple=True,
    metavar="HEX",
    help="One of them: 7E0, or 712:77C; repeatable.  [default: who answers]",
)
@click.option(
    "--mask", type=click.IntRange(1, 255), default=9, show_default=True, help="UDS status bits of codes to read."
)
@click.option("--clear", is_flag=True, help="Clear the codes after reading them.")
@click.option(
    "--timeout", type=click.FloatRange(0.01, 60), default=1.0, show_default=True, help="Seconds for an answer."
)
def diagnose(session: Session, bus_text: str, ecus: tuple[str, ...], mask: int, clear: bool, timeout: float) -> None:
    """Ask a car's ECUs for trouble codes, identification and current data (OBD-II 01, 03, 09; UDS 0x19, 0x14).

    Run it where the bus is: it needs no platform. It listens beside a running agent without disturbing it.
    """
    from kaido.agent.bus import parse_bus  # noqa: PLC0415  # heavy; `--help` does without
    from kaido.agent.diagnostics import uds  # noqa: PLC0415
    from kaido.agent.diagnostics.address import EcuAddress  # noqa: PLC0415
    from kaido.agent.diagnostics.connection import open_ecu  # noqa: PLC0415
    from kaido.agent.diagnostics.discovery import find_ecus  # noqa: PLC0415
    from kaido.agent.diagnostics.examine import examine  # noqa: PLC0415
    from kaido.catalog.obd_pids import standard_pids  # noqa: PLC0415

    log.set_up("ERROR" if session.settings.log_level == "INFO" else session.settings.log_level)
    bus = parse_bus(bus_text)
    addresses = [EcuAddress.parse(one) for one in ecus] or find_ecus(bus)
    if not addresses:
        raise NotFoundError(
            f"no ECU answers on {bus_text}",
            fix="Is the ignition on? Name one that is no emission-related ECU with --ecu",
        )
    found: list[Examined] = []
    kept: list[KaidoError] = []
    for address in addresses:
        with open_ecu(bus, address, timeout) as ecu:
            found.append(examine(ecu, standard_pids(), mask))
            if clear:
                try:
                    uds.clear_codes(ecu)
                except KaidoError as error:
                    kept.append(error)
    _show(session, found)  # what was read, before what went wrong behind it
    if kept:
        raise kept[0]
    if clear:
        session.out.say(f"cleared the codes of {', '.join(one.ecu for one in found)}")


def _show(session: Session, found: list[Examined]) -> None:
    documents = [_document(one) for one in found]
    if session.out.as_json:
        session.out.item({"ecus": documents})
        return
    for one in documents:
        session.out.item({name: one[name] for name in ("ecu", "vin", "speaks", "wrong") if one[name]})
    codes, values = ([row for one in documents for row in one[name]] for name in ("codes", "values"))
    session.out.rows(codes, ["ecu", "code", "states"], empty="no trouble code")
    session.out.rows(values, ["ecu", "signal", "value", "unit"], empty="no current data")


def _document(one: Examined) -> dict[str, Any]:
    return {
        "ecu": one.ecu,
        "vin": one.vin,
        "speaks": one.speaks,
        "codes": [
            {"ecu": one.ecu, "code": code.code, "status": code.status, "states": list(code.states)}
            for code in one.codes
        ],
        "values": [
            {"ecu": one.ecu, "signal": signal.path, "value": value, "unit": signal.unit}
            for signal, value in one.values.items()
        ],
        "wrong": one.wrong,
    }
