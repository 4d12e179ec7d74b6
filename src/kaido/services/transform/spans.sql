-- A car's life cut where any state changes; each state holds until it is said to be another. The last span has no length:
-- it is how things stand.
WITH events AS (
    SELECT car, t, what, flag FROM changes
    UNION ALL SELECT car, t, 0 AS what, silence AS flag FROM silences
    UNION ALL SELECT car, t_end AS t, 0 AS what, 0 AS flag FROM silences
    UNION ALL SELECT car, MIN(t) AS t, 0 AS what, 0 AS flag FROM heard GROUP BY car
    UNION ALL SELECT car, MAX(t_end) AS t, 0 AS what, 0 AS flag FROM heard GROUP BY car
), moments AS (
    SELECT car, t,
        MAX(CASE WHEN what = 0 THEN flag END) AS silence,
        MAX(CASE WHEN what IN ($speed, $odometer) THEN flag END) AS moving,
        MAX(CASE WHEN what = $power_state THEN flag END) AS power_state,
        MAX(CASE WHEN what = $gear THEN flag END) AS gear,
        MAX(CASE WHEN what = $connected THEN flag END) AS connected,
        MAX(CASE WHEN what = $cable THEN flag END) AS cable,
        MAX(CASE WHEN what = $charging THEN flag END) AS charging,
        MAX(CASE WHEN what = $ac_current_1 THEN flag END) AS ac,
        MAX(CASE WHEN what = $dc_current THEN flag END) AS dc,
        MAX(CASE WHEN what = $power THEN flag END) AS inflow,
        MAX(CASE WHEN what = $soc THEN flag END) AS rising
    FROM events GROUP BY car, t
), known AS (
    SELECT car, t, COALESCE(LEAD(t) OVER (PARTITION BY car ORDER BY t), t) AS t_end,
        LAST_VALUE(silence IGNORE NULLS) OVER w AS silence,
        LAST_VALUE(moving IGNORE NULLS) OVER w AS moving,
        LAST_VALUE(power_state IGNORE NULLS) OVER w AS power_state,
        LAST_VALUE(gear IGNORE NULLS) OVER w AS gear,
        LAST_VALUE(connected IGNORE NULLS) OVER w AS connected,
        LAST_VALUE(cable IGNORE NULLS) OVER w AS cable,
        LAST_VALUE(charging IGNORE NULLS) OVER w AS charging,
        LAST_VALUE(ac IGNORE NULLS) OVER w AS ac,
        LAST_VALUE(dc IGNORE NULLS) OVER w AS dc,
        LAST_VALUE(inflow IGNORE NULLS) OVER w AS inflow,
        LAST_VALUE(rising IGNORE NULLS) OVER w AS rising
    FROM moments
    WINDOW w AS (PARTITION BY car ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), through AS (
    -- a car is driven through a long silence only if it was in use when that began
    SELECT car, t, t_end, moving, power_state, gear, connected, cable, charging, ac, dc, inflow, rising,
        CASE WHEN silence = 3 AND COALESCE(moving, 0) = 0 AND COALESCE(power_state, 0) = 0 THEN 2 ELSE silence END
            AS silence
    FROM known
), judged AS (
    SELECT car, t, t_end, silence, cable,
        CASE silence WHEN 3 THEN 1 WHEN 2 THEN 0 ELSE COALESCE(moving, 0) END AS moves,
        CASE
            WHEN silence = 2 THEN 0
            WHEN power_state IS NOT NULL THEN power_state
            WHEN connected = 0 THEN 0
            WHEN gear = 1 THEN 1
            WHEN connected = 1 AND COALESCE(charging, ac, dc, 0) = 0 AND COALESCE(cable, 0) = 0 THEN 1
        END AS powered,
        CASE
            WHEN silence = 2 AND t_end - t > $steady_us THEN 0
            WHEN charging IS NOT NULL THEN charging
            WHEN ac IS NOT NULL OR dc IS NOT NULL THEN GREATEST(COALESCE(ac, 0), COALESCE(dc, 0))
            WHEN cable = 0 THEN 0
            WHEN inflow IS NOT NULL AND cable = 1 THEN inflow
            WHEN inflow IS NOT NULL THEN CASE WHEN silence > 0 OR power_state = 1 THEN 0 ELSE inflow END
            ELSE COALESCE(rising, 0)
        END AS charges
    FROM through
)
SELECT car, t, t_end, silence, cable, moves,
    CASE WHEN moves = 1 THEN 1 ELSE powered END AS powered,
    CASE WHEN moves = 1 THEN 0 ELSE charges END AS charges
FROM judged
