"""``kaido plan``: when to charge."""

from __future__ import annotations

import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.cli import asking
from kaido.cli.context import single
from kaido.cli.tariff import money, read
from kaido.client.contexts import IN_PROCESS
from kaido.errors import NotFoundError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session

_NOT_SUCCEEDED = 1
"""Exit code."""

_FINE = {"succeeded", "not there", "waiting", "awaiting approval"}
"""``waiting`` is left where no platform runs on the folder: it goes out when one does."""


@single("plan")
@click.argument("id", required=False)
@click.option("--departure", required=True, metavar="TIME", help="07:00 in the tariff's zone, +10h, or with zone.")
@click.option("--tariff", required=True, metavar="NAME", help="A tariff's name, or a file that holds one.")
@click.option("--target", type=click.FloatRange(0, 100), default=80, show_default=True, help="Percent.")
@click.option("--start", default="now", show_default=True, metavar="TIME", help="From when it is plugged in.")
@click.option("--carbon", is_flag=True, help="Emit the least, instead of paying the least.")
@click.option("--soc", "soc_percent", type=click.FloatRange(0, 100), help="Percent now.  [default: the vehicle's]")
@click.option("--capacity", "capacity_kwh", type=float, help="Usable kWh.  [default: the vehicle's]")
@click.option("--max-power", "max_power_w", type=float, metavar="W", help="[default: a home charger of the market]")
@click.option("--min-power", "min_power_w", type=float, metavar="W", help="The least while it charges.")
@click.option("--on-off", is_flag=True, help="The charger is on with all its power, or off.")
@click.option("--efficiency", type=click.FloatRange(0.05, 1), help="Battery to wall.  [default: 0.9]")
@click.option("--standby", "standby_w", type=float, metavar="W", help="Lost besides while it charges.")
@click.option("--house-limit", "house_limit_w", type=float, metavar="W", help="The most the house may draw.")
@click.option("--base-load", "base_load_w", type=float, metavar="W", help="What the house draws without the car.")
@click.option("--used", "used_kwh", type=float, metavar="KWH", help="The house's use in the billing month.")
@click.option("--peak", "peak_kw", type=float, metavar="KW", help="Its highest power in it.")
@click.option("--step", "step_minutes", type=int, default=15, show_default=True, metavar="MIN")
@click.option("--send", is_flag=True, help="Bring it to the vehicle: commands for the limit and the timer.")
@click.option("--id", "command_id", metavar="TEXT", help="With --send: given, the same again changes nothing.")
@asking.TIMEOUT
def plan(session: Session, id: str | None, send: bool, command_id: str | None, timeout: str, **options: Any) -> None:  # noqa: A002
    """Plan a charge: the cheapest that reaches the target by the departure, and charges as late as that allows."""
    if send and id is None:
        raise click.UsageError("say to which vehicle to send it")
    made = session.client.post("/v1/plans", _wish(id, options))
    if not session.out.as_json:
        _show(session, made)
    if send and id is not None:
        made["sent"] = _sent(session, id, made, command_id or f"plan-{secrets.token_hex(6)}", timeout)
    if session.out.as_json:
        session.out.item(made)
    if any(one["outcome"] not in _FINE for one in made.get("sent", [])):
        sys.exit(_NOT_SUCCEEDED)


def _wish(vehicle: str | None, options: dict[str, Any]) -> dict[str, Any]:
    carbon, on_off, target = (options.pop(name) for name in ("carbon", "on_off", "target"))
    name = options.pop("tariff")
    wish = {key: value for key, value in options.items() if value is not None}
    wish |= {"target_percent": target, "objective": "carbon" if carbon else "cost"}
    wish["tariff"] = read(Path(name)) if name.endswith((".yaml", ".yml", ".json")) else name
    if vehicle is not None:
        wish["vehicle"] = vehicle
    if on_off:
        if "max_power_w" not in wish:
            raise click.UsageError("--on-off needs --max-power: with what power is it on?")
        wish["min_power_w"] = wish["max_power_w"]
    return wish


def _show(session: Session, made: dict[str, Any]) -> None:
    age = f", {clock.age(made['soc_age_s'])} ago" if made["soc_age_s"] is not None else ""
    cost = made["cost"]
    short = "" if made["reaches_target"] else f" of {made['target_percent']:g} %"
    blocks = [f"{_local(one['start_local'])} to {_local(one['end_local'])}" for one in made["charging"]]
    lines = {
        "charge": "; ".join(blocks) + f" ({made['zone']})" if blocks else "not at all",
        "from": f"{made['soc_percent']:g} %{age}",
        "to": f"{made['end_soc_percent']:.1f} %{short}",
        "energy": f"{made['energy_wall_kwh']:.2f} kWh from the wall, {made['energy_battery_kwh']:.2f} kWh stored",
        "cost": money(cost["amount"], cost["currency"]),
    }
    if cost["carbon_g"] is not None:
        lines["carbon"] = f"{cost['carbon_g'] / 1_000:.2f} kg"
    if made["energy_wall_kwh"] - made["energy_grid_kwh"] > 1e-6:  # noqa: PLR2004  # a hair of rounding
        lines["solar"] = f"{made['energy_wall_kwh'] - made['energy_grid_kwh']:.2f} kWh"
    session.out.item(lines)
    for note in made["notes"]:
        session.out.say(f"note: {note}")


def _sent(session: Session, vehicle: str, made: dict[str, Any], base: str, timeout: str) -> list[dict[str, Any]]:
    """The plan's commands, one after the other, and what became of them."""
    sent = []
    for command in made["commands"]:
        name = command["signal"].rpartition("Charging.")[2]
        wish = {"vehicle": vehicle, "timeout": timeout, "reason": "charge plan", "id": f"{base}-{name}"} | command
        try:
            found = session.client.post("/v1/commands", wish)
        except NotFoundError as missing:
            if name == "ChargeLimit":
                raise
            session.out.say(f"note: {missing.what}: the car begins when it is plugged in")
            sent.append(command | {"id": None, "outcome": "not there"})
            continue
        if session.client.url != IN_PROCESS:
            (found,) = asking.ended(session.client, [found])
        outcome = "; ".join(found["counts"])
        session.out.say(f"{name} = {command['value']}: {outcome} (command {found['id']})")
        sent.append(command | {"id": found["id"], "outcome": outcome})
    return sent


def _local(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%a %d %b %H:%M")
