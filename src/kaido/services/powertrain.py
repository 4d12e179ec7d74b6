"""Fuel, grid and generator: what moved a hybrid, and the utility factor of a plug-in after SAE J2841.

``docs/methods/powertrain.md`` has the equations, their sources and limits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido.services.asking import ask

if TYPE_CHECKING:
    import datetime as dt

    from kaido.lake import Lake

MILE_M = 1_609.344
PETROL_WH_PER_L = 8_900.0
"""Lower heating value of a litre of petrol."""
_NORM_MILES = 399.0
_MDIUF = (13.1, -18.7, 5.22, 8.15, 3.53, -1.34, -4.01, -3.90, -1.15, 3.88)
_ENGINE_SHARE = 0.01
"""A trip in which the engine ran for less of the time than this was electric."""


def utility_factor(range_m: float) -> float:
    """The share of its distance that a plug-in hybrid drives charge depleting: multi-day individual (MDIUF).

    UF(d) = 1 - exp(-sum of C_i (d / D)^i), with the constants of SAE J2841 (2010) as 40 CFR 600.116-12 has them.

    Args:
        range_m: distance that a full battery lasts; the curve ends at its norm distance of 399 miles.
    """
    share = min(max(range_m, 0.0) / MILE_M / _NORM_MILES, 1.0)
    return 1 - math.exp(-sum(c * share**power for power, c in enumerate(_MDIUF, 1)))


def accounts(
    lake: Lake,
    *,
    vehicle: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    after: str | None = None,
    limit: int = 1_000,
    fuel_wh_per_l: float = PETROL_WH_PER_L,
) -> pa.Table:
    """A row a vehicle, by vehicle.

    Args:
        lake: whose.
        vehicle: only its account.
        start: activities that begin then or later.
        end: activities that begin before.
        after: only vehicles behind this one.
        limit: rows at most.
        fuel_wh_per_l: lower heating value of its fuel.

    Returns:
        vehicle, powertrain (``electric``, ``plug-in hybrid``, ``series hybrid`` or ``hybrid``, as its signals show
        it), distance_m, electric_m (of trips without the engine), grid_wh (at the wall where it was measured, else
        into the battery), fuel_l, fuel_wh, generator_wh, driving_wh (net of recuperation), engine_s,
        depleting_wh_per_m (of trips without the engine), range_m (charge depleting, of a full battery; null without
        enough to tell), utility_factor (J2841, of that range), utility_factor_driven (J2841's definition on this
        vehicle's own days), electric_share (of the distance, as driven), battery_share (of driving energy that passed
        through the battery, likely; null where nobody knows when the engine ran), battery_share_low and
        battery_share_high (between which it lies in any case) and generator_efficiency (fuel to electricity), all of
        series hybrids.
    """
    parameters = {"fuel": fuel_wh_per_l, "engine": _ENGINE_SHARE, "after": after, "limit": limit}
    rows = ask(lake, _ACCOUNTS, parameters, tables=("trips", "charges"), vehicle=vehicle, start=start, end=end)
    ranges = rows["range_m"].to_pylist()
    factors = pa.array([None if one is None else utility_factor(one) for one in ranges], pa.float64())
    return rows.add_column(rows.column_names.index("range_m") + 1, "utility_factor", factors)


_ACCOUNTS = """
WITH drives AS (
    SELECT *, start::DATE AS day,
        engine_s IS NULL OR engine_s <= $engine * duration_s AS electric, energy_out_wh - energy_in_wh AS net_wh,
        -- what the generator gave the motor past the battery: at least; and if driving took as much with it as without
        CASE WHEN generator_wh IS NOT NULL THEN greatest(generator_wh - energy_in_wh, 0) END AS least_wh,
        CASE WHEN generator_wh IS NOT NULL AND engine_s IS NOT NULL
            THEN energy_out_wh * engine_s / greatest(duration_s - engine_s, 1) END AS likely_wh
    FROM trips WHERE $after IS NULL OR vehicle > $after
), per_vehicle AS (
    SELECT vehicle, sum(distance_m) AS distance_m,
        coalesce(sum(distance_m) FILTER (electric), 0) AS electric_m,
        sum(fuel_l) AS fuel_l, sum(fuel_l) * $fuel AS fuel_wh, sum(generator_wh) AS generator_wh,
        sum(net_wh) AS net_wh, sum(energy_out_wh) AS out_wh, sum(energy_in_wh) AS in_wh, sum(engine_s) AS engine_s,
        sum(least_wh) AS least_wh,
        sum(least(generator_wh, greatest(least_wh, likely_wh))) FILTER (likely_wh IS NOT NULL) AS likely_wh,
        sum(net_wh) FILTER (electric) / nullif(sum(distance_m) FILTER (electric AND net_wh IS NOT NULL), 0)
            AS depleting_wh_per_m
    FROM drives GROUP BY vehicle
), plugged AS (
    SELECT vehicle, sum(coalesce(energy_wall_wh, energy_battery_wh)) AS grid_wh,
        100 * sum(energy_battery_wh) FILTER (soc_end_percent - soc_start_percent >= 5)
            / sum(soc_end_percent - soc_start_percent) FILTER (soc_end_percent - soc_start_percent >= 5) AS capacity_wh,
        max(soc_end_percent) AS full_percent
    FROM charges GROUP BY vehicle
), lowest AS (
    SELECT vehicle, min(soc_end_percent) AS empty_percent FROM drives GROUP BY vehicle
), told AS (
    SELECT d.*, p.grid_wh,
        CASE
            WHEN d.fuel_l IS NULL AND d.engine_s IS NULL AND d.generator_wh IS NULL THEN 'electric'
            WHEN coalesce(p.grid_wh, 0) = 0 AND d.generator_wh > 0 THEN 'series hybrid'
            WHEN coalesce(p.grid_wh, 0) = 0 THEN 'hybrid'
            ELSE 'plug-in hybrid'
        END AS powertrain,
        (p.full_percent - l.empty_percent) / 100 * p.capacity_wh / nullif(d.depleting_wh_per_m, 0) AS range_m
    FROM per_vehicle AS d LEFT JOIN plugged AS p ON p.vehicle = d.vehicle LEFT JOIN lowest AS l ON l.vehicle = d.vehicle
), days AS (
    SELECT vehicle, day, sum(distance_m) AS distance_m FROM drives GROUP BY vehicle, day
), shares AS (
    SELECT t.vehicle, sum(least(d.distance_m, t.range_m)) / nullif(sum(d.distance_m), 0) AS utility_factor_driven
    FROM told AS t JOIN days AS d ON d.vehicle = t.vehicle GROUP BY t.vehicle
)
SELECT t.vehicle, t.powertrain, t.distance_m, t.electric_m, t.grid_wh, t.fuel_l, t.fuel_wh, t.generator_wh,
    t.net_wh + coalesce(t.generator_wh, 0) AS driving_wh, t.engine_s, t.depleting_wh_per_m,
    CASE WHEN t.powertrain = 'plug-in hybrid' AND t.range_m > 0 THEN t.range_m END AS range_m,
    CASE WHEN t.powertrain = 'plug-in hybrid' AND t.range_m > 0 THEN s.utility_factor_driven END
        AS utility_factor_driven,
    t.electric_m / nullif(t.distance_m, 0) AS electric_share,
    CASE WHEN t.powertrain = 'series hybrid' THEN t.out_wh / nullif(t.out_wh + t.likely_wh, 0) END AS battery_share,
    CASE WHEN t.powertrain = 'series hybrid' THEN t.out_wh / nullif(t.out_wh + t.generator_wh, 0) END
        AS battery_share_low,
    CASE WHEN t.powertrain = 'series hybrid' THEN t.out_wh / nullif(t.out_wh + t.least_wh, 0) END AS battery_share_high,
    CASE WHEN t.powertrain = 'series hybrid' THEN t.generator_wh / nullif(t.fuel_wh, 0) END
        AS generator_efficiency
FROM told AS t LEFT JOIN shares AS s ON s.vehicle = t.vehicle
ORDER BY t.vehicle LIMIT $limit
"""
