"""``kaido battery``: how much batteries hold, and how sure that is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import single
from kaido.cli.output import MOST
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session

PAGE = 1_000
_FROM_WH = 100.0
"""From here on energies are shown in kWh."""


@single("battery")
@click.argument("id", required=False)
@click.option("--cohorts", is_flag=True, help="Batteries beside those of the same model, market and age.")
@click.option("--model", help="Of a list or cohorts: only this vehicle model.  Of a drive: the vehicle's model.")
@click.option("--market", help="Of a list or cohorts: only this market.")
@click.option("--drive", "file", type=click.Path(path_type=Path), metavar="FILE", help="Estimate from one drive alone.")
@click.option("--dbc", type=click.Path(path_type=Path), metavar="FILE", help="The drive is a recording of this bus.")
@click.option(
    "--start", help="With ID: from one drive in the lake alone, which begins then: 2026-01-31T12:00:00Z, -2h."
)
@click.option("--end", default="now", show_default=True, help="The moment after its last.")
@click.option("--voltage", metavar="NAME", help="Of a drive: what the voltage is called.")
@click.option("--current", metavar="NAME", help="Of a drive: what the current is called.")
@click.option("--soc", metavar="NAME", help="Of a drive: what the state of charge is called.")
@click.option("--sign", type=click.Choice(["auto", "in", "out"]), help="Which way its positive current flows.")
@click.option("--chemistry", help="NMC, LFP, solid-state or unknown.  [default: that of the model]")
def battery(
    session: Session,
    id: str | None,  # noqa: A002  # it is what the field calls it
    cohorts: bool,
    model: str | None,
    market: str | None,
    file: Path | None,
    dbc: Path | None,
    start: str | None,
    end: str,
    voltage: str | None,
    current: str | None,
    soc: str | None,
    sign: str | None,
    chemistry: str | None,
) -> None:
    """Show how much the battery of vehicle ID holds; without ID, every battery.

    --drive reads CSV, Parquet or Arrow with the columns time, voltage, current and soc (or a row a sample: time,
    signal, value), or with --dbc a recording of a bus. The voltage tells which way the current flows.
    """
    names = {"voltage": voltage, "current": current, "soc": soc}
    given = {name: value for name, value in names.items() if value}
    if file is not None:
        _show_drive(session, _examine(file, dbc, given, sign or "auto", model, chemistry))
    elif id is not None and start is not None:
        params = {"start": start, "end": end, "sign": sign, "chemistry": chemistry, **given}
        path = f"/v1/vehicles/{quote(id, safe='')}/battery/drive"
        _show_drive(session, session.client.get(path, params={k: v for k, v in params.items() if v}))
    elif id is not None:
        params = {"chemistry": chemistry} if chemistry else {}
        _show(session, session.client.get(f"/v1/vehicles/{quote(id, safe='')}/battery", params=params))
    elif cohorts:
        _show_cohorts(session, _all(session, "/v1/battery/cohorts", model, market))
    else:
        _show_list(session, _all(session, "/v1/battery", model, market))


def _all(session: Session, path: str, model: str | None, market: str | None) -> list[dict[str, Any]]:
    wanted = {name: value for name, value in (("model", model), ("market", market)) if value}
    return list(islice(session.client.pages(path, wanted | {"limit": PAGE}), MOST))


def _examine(
    file: Path, dbc: Path | None, names: dict[str, str], sign: str, model: str | None, chemistry: str | None
) -> dict[str, Any]:
    from kaido.services.battery import bus, drive, packs, recording  # noqa: PLC0415  # NumPy and Arrow take their time
    from kaido.services.battery.chemistry import chemistry as chemistry_of  # noqa: PLC0415  # as above

    kind = chemistry_of(chemistry) if chemistry else packs.pack(model).chemistry
    found = recording.read(file, names) if dbc is None else bus.read(file, dbc, names)
    return drive.examine(found.voltage, found.current, found.soc, kind, sign=sign).to_json()  # type: ignore[arg-type]  # click's choice


def _show(session: Session, found: dict[str, Any]) -> None:
    if session.out.as_json:
        session.out.item(found)
        return
    new = [f"{found['new_ah']:g} Ah" if found["new_ah"] else "", _wh(found["new_wh"]) if found["new_wh"] else ""]
    session.out.item(
        {
            "vehicle": found["vehicle"],
            "model": found["model"],
            "chemistry": found["chemistry"],
            "when new": ", ".join(part for part in new if part) or "not known",
        }
        | {one["quantity"]: estimate(one) for one in found["estimates"]}
        | _beside(found)
    )
    rows = [{**month, "month": month["month"][:7], "charge capacity": _ah_of(month)} for month in found["months"]]
    if rows:
        click.echo("")
        session.out.rows(rows, ["month", "charge capacity", "sessions"])


def _beside(found: dict[str, Any]) -> dict[str, str]:
    """What stands beside the estimates: what the car says, the cross-check, and how it was used."""
    said, use, apart = found["said"], found["use"], found["agreement_percent"]
    shown = {"the car says": f"{said['value']:g} %, {clock.age(said['age_s'])} ago" if said else "nothing"}
    if apart is not None:
        shown["driving against charging"] = f"{apart:+.1f} %"
    units = {
        "fast_share_percent": ("charged fast", "% of the energy"),
        "mean_temperature_c": ("while charging", "°C"),
        "mean_depth_percent": ("a charge", "% of the capacity"),
        "full_charges_a_year": ("full charges", "a year"),
    }
    return shown | {what: f"{use[name]:.0f} {unit}" for name, (what, unit) in units.items() if use[name] is not None}


def _show_drive(session: Session, found: dict[str, Any]) -> None:
    if session.out.as_json:
        session.out.item(found)
        return
    dropped = {name: count for name, count in found["dropped"].items() if count}
    fall = found["soc_start_percent"] - found["soc_end_percent"]
    session.out.item(
        {
            "duration": f"{found['duration_s']:.0f} s, {found['gaps_s']:.0f} s of it without a current",
            "peak out of the battery": f"{found['peak_out_w'] / 1_000:.1f} kW",
            "peak into the battery": f"{found['peak_in_w'] / 1_000:.1f} kW",
            "energy out, in": f"{found['energy_out_wh']:.0f} Wh, {found['energy_in_wh']:.0f} Wh",
            "net": f"{found['net_wh']:.0f} Wh, {found['net_ah']:.2f} Ah",
            "state of charge": f"{found['soc_start_percent']:g} to {found['soc_end_percent']:g} % "
            f"({fall:.2f} % of it used, shown in steps of {found['soc_step_percent']:g} %)",
        }
        | {one["quantity"]: estimate(one) for one in found["estimates"]}
        | {
            "positive current": f"{found['sign']} ({found['sign_by']})",
            "dropped": ", ".join(f"{count} of {name}" for name, count in dropped.items()) or "nothing",
        }
    )


def _show_list(session: Session, items: list[dict[str, Any]]) -> None:
    rows = [
        {
            **item,
            "charge capacity": _ah_of(item),
            "energy": _between(item["energy_wh"], item["energy_wh_low"], item["energy_wh_high"], "Wh"),
            "health": _health(item),
        }
        for item in items
    ]
    columns = ["vehicle", "model", "market", "charge capacity", "energy", "health", "sessions", "date"]
    session.out.rows(
        items if session.out.as_json else rows, columns, empty="no vehicle has charged yet (as far as the lake knows)"
    )


def _show_cohorts(session: Session, items: list[dict[str, Any]]) -> None:
    rows = [
        {
            **item,
            "age": _ages(item),
            **{name: f"{value:.1f} {item['unit']}" for name, value in item["percentiles"].items()},
            "left": ", ".join(f"{one['vehicle']} ({one['z']:+.1f})" for one in item["odd"]) or "none",
        }
        for item in items
    ]
    columns = ["model", "market", "age", "vehicles", "estimated", "p5", "p25", "p50", "p75", "p95", "left"]
    session.out.rows(items if session.out.as_json else rows, columns, empty="no vehicle has charged yet")
    if session.out.as_json:
        return
    effects = {item["model"]: (item["effects"], item["unit"]) for item in items if item["effects"]}
    for model, (found, unit) in effects.items():
        for one in found:
            between = f"{one['low']:+.2f} to {one['high']:+.2f}"
            session.out.say(f"{model}: {one['change']:+.2f} {unit} ({between}) with each {one['unit']} of {one['of']}")


def _ages(item: dict[str, Any]) -> str:
    upto = item["age_to_years"]
    return f"{item['age_from_years']:g} to {upto:g} years" if upto else f"from {item['age_from_years']:g} years"


def _health(item: dict[str, Any]) -> str | None:
    """None where nobody knows what the model's battery holds when new."""
    low = item["health_percent_low"]
    return None if low is None else _between(item["health_percent"], low, item["health_percent_high"], "%")


def _ah_of(row: dict[str, Any]) -> str:
    return _between(row["charge_ah"], row["charge_ah_low"], row["charge_ah_high"], "Ah")


def estimate(one: dict[str, Any]) -> str:
    """An estimate as a person reads it: with its interval, and as of when; or why there is none."""
    between = _between(one["value"], one["low"], one["high"], one["unit"])
    if one["value"] is None:
        return f"{between}: {one['missing']}" if one["low"] is not None else one["missing"]
    out = f", {one['left_out']} left out" if one["left_out"] else ""
    as_of = f", {one['date'][:10]}" if one["date"] else ""
    return f"{between}, {one['sessions']} sessions{out}{as_of}"


def _between(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    if low is None:
        return "too little data"
    factor, unit = (1e-3, f"k{unit}") if unit == "Wh" and low > _FROM_WH else (1.0, unit)
    ends = f"at least {factor * low:.1f}" if high is None else f"{factor * low:.1f} to {factor * high:.1f}"
    return f"{factor * value:.1f} {unit} ({ends})" if value is not None else f"too little data ({ends} {unit})"


def _wh(value: float) -> str:
    return f"{value / 1_000:.1f} kWh"
