"""``kaido market``: how cars are sold, read, charged and certified somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import command
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from kaido.cli.context import Session

_COLUMNS = ["code", "name", "currency", "distance", "consumption", "ac", "dc", "cycles", "data"]


@click.group
def market() -> None:
    """Markets: units, connectors, currencies, certification cycles, and where data may lie."""


@command(market, "list")
def list_(session: Session) -> None:
    """List the markets."""
    rows = session.client.get("/v1/markets")["items"]
    if not session.out.as_json:
        rows = [row | _for_people(row) for row in rows]
    session.out.rows(rows, _COLUMNS)


@command(market, "show")
@click.argument("code")
def show(session: Session, code: str) -> None:
    """Show a market."""
    rows = {row["code"]: row for row in session.client.get("/v1/markets")["items"]}
    if code.upper() not in rows:
        raise NotFoundError.of("market", code, rows, fix="See: kaido market list")
    found = rows[code.upper()]
    session.out.item(found if session.out.as_json else found | _for_people(found))


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    home = row["home"]
    return {
        "distance": row["units"]["distance"],
        "consumption": row["units"]["consumption"],
        "ac": row["connectors"]["ac"],
        "dc": row["connectors"]["dc"],
        "home": f"{home['watts'] / 1_000:g} kW ({home['phases']:g} x {home['volts']:g} V)",
        "cycles": [f"{one['name']}{'' if one['current'] else ' (former)'}" for one in row["cycles"]],
        "data": row["residency"]["regions"],
    }
