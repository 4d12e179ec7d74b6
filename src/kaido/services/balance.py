"""The battery's energy balance: in minus out against the change of what it stores, and the residual.

``docs/methods/energy-balance.md`` has the equation and its limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.services.asking import ask

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa

    from kaido.lake import Lake

POWER_SHARE = 0.01
"""Of all energy that went through the terminals: what its measurement may be wrong by."""
LOSS_SHARE = 0.04
"""Of the same: what a battery's resistance takes of it, at most usually; it leaves the store and no terminal."""
SOC_STEP_PERCENT = 1.0
"""What two readings of the state of charge may be wrong by together."""
ENERGY_STEP_WH = 200.0
"""The same of two readings of the stored energy."""
LEAST_PERCENT = 5.0
"""Changes of the state of charge below this say nothing of the capacity."""


def balances(
    lake: Lake,
    *,
    vehicle: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    after: str | None = None,
    limit: int = 1_000,
) -> pa.Table:
    """A row a vehicle, by vehicle: where its battery's energy came from, went to, and what is left unexplained.

    Args:
        lake: whose.
        vehicle: only its balance.
        start: activities that begin then or later.
        end: activities that begin before; whole activities are counted.
        after: only vehicles behind this one.
        limit: rows at most.

    Returns:
        vehicle, start, end, charged_wh, recuperated_wh, driven_wh, idle_wh, idle_known_share, change_wh (of the store),
        store (how that is known: ``energy``, ``state of charge`` or null), capacity_wh (energy of 100 % at the
        terminals, from this period), soc_start_percent, soc_end_percent, residual_wh (in minus out minus change),
        tolerance_wh, closes; and distance_m, trips, charges.
    """
    parameters = {
        "power": POWER_SHARE,
        "loss": LOSS_SHARE,
        "soc_step": SOC_STEP_PERCENT,
        "energy_step": ENERGY_STEP_WH,
        "least": LEAST_PERCENT,
        "after": after,
        "limit": limit,
    }
    return ask(lake, _BALANCES, parameters, tables=("trips", "charges", "idles"), vehicle=vehicle, start=start, end=end)


_BALANCES = """
WITH parts AS (
    SELECT vehicle, start, "end", 'trip' AS kind, energy_out_wh AS driven_wh, energy_in_wh AS recuperated_wh,
        NULL AS charged_wh, NULL AS idle_wh, energy_in_wh - energy_out_wh AS net_wh, distance_m,
        soc_start_percent, soc_end_percent, stored_start_wh, stored_end_wh
    FROM trips
    UNION ALL
    SELECT vehicle, start, "end", 'charge', NULL, NULL, energy_battery_wh, NULL, energy_battery_wh, NULL,
        soc_start_percent, soc_end_percent, stored_start_wh, stored_end_wh
    FROM charges
    UNION ALL
    SELECT vehicle, start, "end", 'idle', NULL, NULL, NULL, energy_wh, -energy_wh, NULL,
        soc_start_percent, soc_end_percent, stored_start_wh, stored_end_wh
    FROM idles
), capacities AS (
    SELECT vehicle, 100 * (coalesce(per_in, per_out) + coalesce(per_out, per_in)) / 2 AS capacity_wh
    FROM (
        SELECT vehicle,
            sum(net_wh) FILTER (soc >= $least) / sum(soc) FILTER (soc >= $least AND net_wh IS NOT NULL) AS per_in,
            sum(net_wh) FILTER (soc <= -$least) / sum(soc) FILTER (soc <= -$least AND net_wh IS NOT NULL) AS per_out
        FROM (SELECT *, soc_end_percent - soc_start_percent AS soc FROM parts WHERE kind <> 'idle')
        GROUP BY vehicle
    )
), summed AS (
    SELECT p.vehicle, min(p.start) AS start, max(p."end") AS "end",
        coalesce(sum(charged_wh), 0) AS charged_wh,
        coalesce(sum(recuperated_wh), 0) AS recuperated_wh,
        coalesce(sum(driven_wh), 0) AS driven_wh,
        coalesce(sum(coalesce(idle_wh, (soc_start_percent - soc_end_percent) / 100 * c.capacity_wh))
            FILTER (kind = 'idle'), 0) AS idle_wh,
        count(idle_wh) / nullif(count(*) FILTER (kind = 'idle'), 0) AS idle_known_share,
        arg_min(stored_start_wh, p.start) FILTER (stored_start_wh IS NOT NULL) AS stored_start_wh,
        arg_max(stored_end_wh, p.start) FILTER (stored_end_wh IS NOT NULL) AS stored_end_wh,
        arg_min(soc_start_percent, p.start) FILTER (soc_start_percent IS NOT NULL) AS soc_start_percent,
        arg_max(soc_end_percent, p.start) FILTER (soc_end_percent IS NOT NULL) AS soc_end_percent,
        any_value(c.capacity_wh) AS capacity_wh,
        coalesce(sum(distance_m), 0) AS distance_m,
        count(*) FILTER (kind = 'trip') AS trips, count(*) FILTER (kind = 'charge') AS charges
    FROM parts AS p LEFT JOIN capacities AS c ON c.vehicle = p.vehicle
    WHERE $after IS NULL OR p.vehicle > $after
    GROUP BY p.vehicle
), changed AS (
    SELECT *, coalesce(stored_end_wh - stored_start_wh, (soc_end_percent - soc_start_percent) / 100 * capacity_wh)
            AS change_wh,
        CASE WHEN stored_end_wh - stored_start_wh IS NOT NULL THEN 'energy'
            WHEN capacity_wh IS NOT NULL AND soc_end_percent IS NOT NULL THEN 'state of charge' END AS store,
        charged_wh + recuperated_wh + driven_wh + abs(idle_wh) AS through_wh
    FROM summed
), judged AS (
    SELECT *, charged_wh + recuperated_wh - driven_wh - idle_wh - change_wh AS residual_wh,
        ($power + $loss) * through_wh
            + CASE store WHEN 'energy' THEN $energy_step ELSE $soc_step / 100 * capacity_wh END AS tolerance_wh
    FROM changed
)
SELECT vehicle, start, "end", charged_wh, recuperated_wh, driven_wh, idle_wh, idle_known_share, change_wh, store,
    capacity_wh, soc_start_percent, soc_end_percent, residual_wh, tolerance_wh,
    abs(residual_wh) <= tolerance_wh AS closes, distance_m, trips, charges
FROM judged ORDER BY vehicle LIMIT $limit
"""
