"""What a fleet's driving takes from its batteries: by model, market, day or the air's temperature.

Only trips without the engine count, as in ``kaido.services.powertrain``: energy out of the battery says nothing of a
kilometre that fuel drove. A group's consumption is its energy over its distance, so a long trip counts for more than a
short one; the percentiles are over its vehicles, each with its own quotient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.services.asking import ask
from kaido.services.grouping import BAND_C

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa

    from kaido.lake import Lake
    from kaido.services.grouping import DrivingBy

ENGINE_SHARE = 0.01
"""A trip in which the engine ran for less of the time than this was electric, as the accounts of hybrids have it."""
LEAST_M = 10_000.0
"""A vehicle that drove less in a group is no part of its percentiles: what it took is warming up."""
_KEYS = {
    "fleet": "'all'",
    "model": "coalesce(v.model, '')",
    "market": "coalesce(v.market, '')",
    "temperature": f"coalesce((floor(t.temperature_c / {BAND_C}) * {BAND_C})::INTEGER::VARCHAR, '')",
    "day": "strftime(t.start, '%Y-%m-%d')",
}


def consumption(
    lake: Lake,
    vehicles: pa.Table,
    by: DrivingBy,
    *,
    model: str | None = None,
    market: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> pa.Table:
    """A row a group, by its name.

    Args:
        lake: whose.
        vehicles: vehicle, model and market of those that are registered.
        by: what a group has in common.
        model: only of this vehicle model.
        market: only of this market.
        start: trips that begin then or later.
        end: trips that begin before.

    Returns:
        grouped (the name; of a band of temperatures its lower edge, °C, of a day its date in UTC; empty where that is
        not known), vehicles, trips, distance_m, electric_m (of trips without the engine, of which energy is known),
        net_wh (of these, out of the battery less into it), consumption_wh_per_km, p10, p50, p90 (of it, over
        vehicles), temperature_c (the mean over the distance).
    """
    sql = _GROUPS.format(key=_KEYS[by])
    parameters = {"engine": ENGINE_SHARE, "least": LEAST_M, "model": model, "market": market}
    return ask(lake, sql, parameters, tables=("trips",), start=start, end=end, beside={"vehicles": vehicles})


_GROUPS = """
WITH drives AS (
    SELECT {key} AS grouped, t.vehicle, t.distance_m, t.temperature_c,
        CASE WHEN coalesce(t.engine_s, 0) <= $engine * t.duration_s AND t.distance_m > 0
            THEN t.energy_out_wh - t.energy_in_wh END AS net_wh
    FROM trips AS t LEFT JOIN vehicles AS v ON v.vehicle = t.vehicle
    WHERE ($model IS NULL OR v.model = $model) AND ($market IS NULL OR v.market = $market)
), each AS (
    SELECT grouped, vehicle, count(*) AS trips, sum(distance_m) AS distance_m,
        sum(distance_m) FILTER (net_wh IS NOT NULL) AS electric_m, sum(net_wh) AS net_wh,
        sum(temperature_c * distance_m) AS degrees, sum(distance_m) FILTER (temperature_c IS NOT NULL) AS felt_m
    FROM drives GROUP BY grouped, vehicle
), said AS (
    SELECT *, CASE WHEN electric_m >= $least THEN 1000 * net_wh / electric_m END AS own FROM each
)
SELECT grouped, count(*) AS vehicles, sum(trips)::BIGINT AS trips, coalesce(sum(distance_m), 0) AS distance_m,
    coalesce(sum(electric_m), 0) AS electric_m, coalesce(sum(net_wh), 0) AS net_wh,
    1000 * sum(net_wh) / nullif(sum(electric_m), 0) AS consumption_wh_per_km,
    quantile_cont(own, 0.1) AS p10, quantile_cont(own, 0.5) AS p50, quantile_cont(own, 0.9) AS p90,
    sum(degrees) / nullif(sum(felt_m), 0) AS temperature_c
FROM said GROUP BY grouped ORDER BY try_cast(grouped AS INTEGER) NULLS FIRST, grouped
"""
