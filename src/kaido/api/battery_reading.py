"""What the routes of batteries answer with: read from the lake, estimated, and put into the shapes of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.api.battery_answers import BatteryOut, BatteryRow, CohortOut, DriveOut, SaidOut
from kaido.errors import TooLargeError
from kaido.flow_electric import CHARGES, TRIPS
from kaido.services import tables
from kaido.services.battery import drive as drives
from kaido.services.battery import monthly, recording
from kaido.services.battery.chemistry import chemistry as chemistry_of
from kaido.services.battery.cohorts import Member, effects
from kaido.services.battery.cohorts import cohorts as cohorts_of
from kaido.services.battery.estimate import Estimate
from kaido.services.battery.health import HEALTH, Use, health
from kaido.services.battery.keeping import keep_up
from kaido.services.battery.packs import Pack, pack
from kaido.services.battery.sessions import Sessions

if TYPE_CHECKING:
    from datetime import datetime

    from kaido.api.services import Services
    from kaido.company import Vehicle

MOST_SAMPLES, MOST_VEHICLES = 5_000_000, 1_000_000
MOST_CHARGES, MOST_TRIPS = 2_000, 1_000
"""The newest ones of a vehicle, which are looked at."""
_YEAR_S = 365.2425 * 86_400
_USES = ("fast_share_percent", "mean_temperature_c", "mean_depth_percent", "full_charges_a_year")
_MONTHS = 12


def battery(rooms: Services, company: str, vehicle: str, chemistry: str | None, said: SaidOut | None) -> BatteryOut:
    """What is known of one battery, from the charges of the year before the last one, and the newest trips."""
    known = rooms.vehicles.get(company, vehicle)
    lake = rooms.lake(company)
    sessions = Sessions.read(tables.read(lake, CHARGES.name, vehicle=vehicle, limit=MOST_CHARGES))
    recent = sessions.since(sessions.end_s[-1] - monthly.WINDOW.total_seconds()) if len(sessions) else sessions
    new = _pack(rooms, company, known.model, chemistry)
    trips = tables.read(lake, TRIPS.name, vehicle=vehicle, limit=MOST_TRIPS)
    months = monthly.rows_of(vehicle, sessions, new)[-_MONTHS:]
    return BatteryOut.of(vehicle, known.model, health(recent, trips, new), said, months)


def drive(
    rooms: Services,
    company: str,
    vehicle: str,
    span: tuple[datetime | None, datetime | None],
    sign: drives.Sign,
    names: dict[str, str | None],
    chemistry: str | None,
) -> DriveOut:
    """What one drive in the lake says.

    Raises:
        TooLargeError: the time is longer than a drive.
    """
    known = rooms.vehicles.get(company, vehicle)
    wanted = {role: names[role] or usual for role, usual in recording.IN_THE_LAKE.items()}
    rows = rooms.lake(company).signals(
        vehicle,
        list(wanted.values()),
        *span,
        limit=MOST_SAMPLES + 1,
        seconds=rooms.settings.query_seconds,
    )
    if len(rows) > MOST_SAMPLES:
        raise TooLargeError(f"there are more than {MOST_SAMPLES:,} samples", fix="Ask for a shorter time")
    found = recording.recorded(rows, wanted)
    kind = _pack(rooms, company, known.model, chemistry).chemistry
    return DriveOut.of(drives.examine(found.voltage, found.current, found.soc, kind, sign=sign))


def rows(
    rooms: Services, company: str, model: str | None, market: str | None, *, order: str, after: str, limit: int
) -> list[BatteryRow]:
    """The newest row of each vehicle, those behind the vehicle ``after``."""
    newest, known = _fleet(rooms, company)
    of = {row["vehicle"]: _of(known.get(row["vehicle"])) for row in newest}
    place = _by_health if order == "health" else _by_vehicle
    last = next((place(row) for row in newest if row["vehicle"] == after), None if order == "health" else (after,))
    chosen = sorted((row for row in newest if last is None or place(row) > last), key=place)
    found = []
    for row in chosen:
        named, sold = of[row["vehicle"]]
        if model in {None, named} and market in {None, sold}:
            shown = {name: row[name] for name in BatteryRow.model_fields if name in row}
            found.append(BatteryRow(**shown, model=named, market=sold))
            if len(found) == limit:
                break
    return found


def _by_vehicle(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["vehicle"],)


def _by_health(row: dict[str, Any]) -> tuple[Any, ...]:
    """The most worn first; by what is known of it at least where there is no value."""
    health, low = row["health_percent"], row["health_percent_low"]
    return (health is None, health or 0.0, low is None, low or 0.0, row["vehicle"])


def cohorts(rooms: Services, company: str, model: str | None, market: str | None) -> list[CohortOut]:
    """Those of the fleet by id; the effects of use are over all cars of a model, whatever their market."""
    newest, known = _fleet(rooms, company)
    members = [_member(row, known.get(row["vehicle"])) for row in newest]
    by_model = effects(members)
    wanted = [one for one in members if model in {None, one.model} and market in {None, one.market}]
    found = [CohortOut.of(one, by_model.get(one.model, [])) for one in cohorts_of(wanted)]
    return sorted(found, key=lambda one: one.id)


def _fleet(rooms: Services, company: str) -> tuple[list[dict[str, Any]], dict[str, Vehicle]]:
    """The newest rows of the table ``battery``, and the registered vehicles by id."""
    if rooms.embedded:  # no process of the platform keeps the table up
        keep_up(rooms.lake(company), rooms.vehicles, rooms.settings.data)
    known = {vehicle.id: vehicle for vehicle in rooms.vehicles.list(company, MOST_VEHICLES)}
    return monthly.newest(rooms.lake(company)).to_pylist(), known


def _pack(rooms: Services, company: str, model: str | None, chemistry: str | None) -> Pack:
    known = pack(model, rooms.settings.data, company)
    return known.model_copy(update={"chemistry": chemistry_of(chemistry)}) if chemistry else known


def _member(row: dict[str, Any], vehicle: Vehicle | None) -> Member:
    name, unit = ("health_percent", "%") if row["health_percent_low"] is not None else ("charge_ah", "Ah")
    age_s = 0.0 if vehicle is None else (row["date"] - vehicle.registered).total_seconds()
    model, market = _of(vehicle)
    return Member(
        vehicle=row["vehicle"],
        model=model or "unknown model",
        market=market or "unknown market",
        age_years=max(age_s, 0.0) / _YEAR_S,
        estimate=Estimate(
            quantity=HEALTH,
            value=row[name],
            unit=unit,
            low=row[f"{name}_low"],
            high=row[f"{name}_high"],
            method=row["method"],
            sessions=row["sessions"],
            date=row["date"],
        ),
        use=Use(**{use: row[use] for use in _USES}),
    )


def _of(vehicle: Vehicle | None) -> tuple[str | None, str | None]:
    """Its model and market."""
    return (None, None) if vehicle is None else (vehicle.model, vehicle.market)
