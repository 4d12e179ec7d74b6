"""``kaido tariff``: what energy costs."""

from __future__ import annotations

import datetime as dt
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
import yaml

from kaido.api.times import moment
from kaido.cli.context import command
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session

_COLUMNS = ["name", "currency", "zone", "example", "about"]
_MOST_BYTES = 1_000_000
_INTERVAL_S = 300


@click.group
def tariff() -> None:
    """Tariffs: what energy costs and emits, by season, day, hour, consumption and power."""


@command(tariff, "list")
def list_(session: Session) -> None:
    """List the company's tariffs, and the examples."""
    rows = list(session.client.pages("/v1/tariffs"))
    if not session.out.as_json:
        rows = [row | {"about": row["document"].get("description", "")} for row in rows]
    session.out.rows(rows, _COLUMNS)


@command(tariff, "show")
@click.argument("name")
def show(session: Session, name: str) -> None:
    """Show a tariff, as a file that `kaido tariff create` takes."""
    found = session.client.get(_path(name))
    if session.out.as_json:
        session.out.item(found)
        return
    click.echo(yaml.safe_dump(found["document"], sort_keys=False, allow_unicode=True), nl=False)


@command(tariff, "check")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def check(session: Session, file: Path) -> None:
    """Say whether a file holds a tariff, and what is wrong with it."""
    found = session.client.post("/v1/tariffs/check", read(file))
    session.out.done(f"{found['name']} is a tariff: {found['currency']}, {found['zone']}", found)


@command(tariff, "create")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Change the tariff of that name.")
def create(session: Session, file: Path, replace: bool) -> None:
    """Keep the tariff in a YAML or JSON file."""
    made = session.client.post("/v1/tariffs", read(file), {"replace": replace})
    session.out.done(f"tariff {made['name']} is kept; plan with it: kaido plan --tariff {made['name']} …", made)


@command(tariff, "delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a tariff."""
    if not yes and not session.out.as_json:
        click.confirm(f"Forget tariff {name}?", abort=True, err=True)
    session.client.delete(_path(name))
    session.out.done(f"tariff {name} is deleted", {"deleted": name})


@command(tariff, "cost")
@click.argument("name")
@click.option("--energy", "energy_kwh", type=click.FloatRange(min=0), required=True, metavar="KWH", help="In kWh.")
@click.option("--start", default="now", show_default=True, metavar="TIME", help="2026-01-31T22:00+09:00, -2h, now.")
@click.option("--hours", type=click.FloatRange(min=0.1, max=744), default=1.0, show_default=True, help="How long.")
@click.option("--used", "used_kwh", type=click.FloatRange(min=0), default=0.0, help="kWh of the billing month before.")
@click.option("--peak", "peak_kw", type=click.FloatRange(min=0), default=0.0, help="Highest kW of that month before.")
def cost(
    session: Session, name: str, energy_kwh: float, start: str, hours: float, used_kwh: float, peak_kw: float
) -> None:
    """Say what energy costs that is drawn evenly over some hours."""
    begin = moment(start, name="start")
    count = max(round(hours * 3_600 / _INTERVAL_S), 1)
    starts = [clock.iso(begin + timedelta(seconds=_INTERVAL_S * number)) for number in range(count)]
    wish: dict[str, Any] = {"starts": starts, "energy_wh": [1_000 * energy_kwh / count] * count}
    wish |= {"interval_s": _INTERVAL_S, "used_kwh": used_kwh, "peak_kw": peak_kw}
    found = session.client.post(_path(name, "/cost"), wish)
    if session.out.as_json:
        session.out.item(found)
        return
    lines = {"cost": money(found["amount"], found["currency"])}
    lines |= {f"  {part}": money(amount, found["currency"]) for part, amount in found["parts"].items()}
    lines["energy"] = f"{found['energy_wh'] / 1_000:.2f} kWh"
    if found["carbon_g"] is not None:
        lines["carbon"] = f"{found['carbon_g'] / 1_000:.2f} kg"
    session.out.item(lines)


def read(file: Path) -> dict[str, Any]:
    """The document in a YAML or JSON file, as JSON.

    Raises:
        InvalidInputError: it cannot be read, or holds no mapping.
    """
    try:
        with file.open("rb") as handle:
            document = yaml.safe_load(handle.read(_MOST_BYTES))
        document = json.loads(json.dumps(document, default=_written))
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InvalidInputError(f"{file} is neither YAML nor JSON", why=" ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise InvalidInputError(f"{file} holds no tariff", fix="See one: kaido tariff show example-jp-night")
    return document


def money(amount: float, currency: str) -> str:
    """An amount of money, as finely as its currency is counted."""
    digits = 0 if currency in {"JPY", "KRW"} else 2
    return f"{amount:,.{digits}f} {currency}"


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be said in JSON")


def _path(name: str, tail: str = "") -> str:
    return f"/v1/tariffs/{quote(name, safe='')}{tail}"
