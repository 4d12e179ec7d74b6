"""From what the transformations give to the rows of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.flow_electric import ACTIVITIES, CARRIED, CHARGES, CURRENTS, CURVES, IDLES, TRIPS
from kaido.services import memory
from kaido.services.identity import named
from kaido.services.signals import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pyarrow as pa


def rows(results: Mapping[str, pa.Table], windows: pa.Table, stored: pa.Table) -> dict[str, pa.Table]:
    """The rows of each derived table, by its name, with their ids, ordered by vehicle and time.

    Args:
        results: of an engine (``transform.RESULTS``).
        windows: of the same run (``inputs.WINDOW_SCHEMA``).
        stored: the activities that are replaced (``windows.Windows.stored``).
    """
    with memory.reader() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in results.items():
            connection.register(name, table)
        connection.register("names", named(results["activities"], windows, stored))
        made = {}
        for derived in (TRIPS, CHARGES, IDLES, CURRENTS):
            columns = ", ".join(_column(field) for field in derived.schema)
            sql = f"SELECT {columns} FROM {derived.name} AS r JOIN names AS n ON n.car = r.car AND n.number = r.number"  # noqa: S608  # our names
            made[derived.name] = _ordered(connection, sql, derived.schema, "start")
        made[CURVES.name] = _ordered(connection, _CURVES, CURVES.schema, "time")
        held = ", ".join(f"max(value) FILTER (role = {CODES[role]}) AS last_{role}" for role in CARRIED)
        made[ACTIVITIES.name] = _ordered(connection, _ACTIVITIES.format(held=held), ACTIVITIES.schema, "start")
    return made


def _column(field: pa.Field) -> str:
    special = {
        "id": "n.id",
        "vehicle": "n.vehicle",
        "start": "make_timestamptz(t) AS start",
        "end": 'make_timestamptz(t_end) AS "end"',
        "complete": "complete = 1 AS complete",
    }
    return special.get(field.name, f"r.{field.name}")


def _ordered(connection: duckdb.DuckDBPyConnection, sql: str, schema: pa.Schema, time: str) -> pa.Table:
    table = connection.sql(f"SELECT * FROM ({sql}) ORDER BY vehicle, {time}").to_arrow_table()  # noqa: S608  # our names
    return table.cast(schema)


_CURVES = """
SELECT n.id AS charge, n.vehicle, make_timestamptz(r.t) AS time, r.energy_battery_wh, r.energy_wall_wh, r.soc_percent,
    r.power_w
FROM charge_curves AS r JOIN names AS n ON n.car = r.car AND n.number = r.number
"""
_ACTIVITIES = """
SELECT n.id, n.vehicle, n.kind, make_timestamptz(a.t) AS start, make_timestamptz(a.t_end) AS "end",
    h.* EXCLUDE (car, number)
FROM activities AS a
JOIN names AS n ON n.car = a.car AND n.number = a.number
LEFT JOIN (SELECT car, number, {held} FROM standing GROUP BY car, number) AS h
    ON h.car = a.car AND h.number = a.number
"""
