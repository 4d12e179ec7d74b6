-- Power where only voltage and current are known: at every moment at which one of them is said, with the last value of
-- the others. Of what is said at one moment all counts: a new voltage with the current before it was never there.
WITH battery AS (
    SELECT car, t, role,
        LAST_VALUE(CASE WHEN role = $voltage THEN value END IGNORE NULLS) OVER w
            * LAST_VALUE(CASE WHEN role = $current THEN value END IGNORE NULLS) OVER w AS value,
        LEAD(t) OVER o AS next_t
    FROM readings WHERE role IN ($voltage, $current)
    WINDOW o AS (PARTITION BY car ORDER BY t, role, value),
        w AS (PARTITION BY car ORDER BY t, role, value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), inlet AS (
    SELECT car, t, role,
        LAST_VALUE(CASE WHEN role = $ac_voltage THEN value END IGNORE NULLS) OVER w
            * (LAST_VALUE(CASE WHEN role = $ac_current_1 THEN value END IGNORE NULLS) OVER w
                + COALESCE(LAST_VALUE(CASE WHEN role = $ac_current_2 THEN value END IGNORE NULLS) OVER w, 0)
                + COALESCE(LAST_VALUE(CASE WHEN role = $ac_current_3 THEN value END IGNORE NULLS) OVER w, 0)) AS ac,
        LAST_VALUE(CASE WHEN role = $dc_voltage THEN value END IGNORE NULLS) OVER w
            * LAST_VALUE(CASE WHEN role = $dc_current THEN value END IGNORE NULLS) OVER w AS dc,
        LEAD(t) OVER o AS next_t
    FROM readings
    WHERE role IN ($ac_voltage, $ac_current_1, $ac_current_2, $ac_current_3, $dc_voltage, $dc_current)
    WINDOW o AS (PARTITION BY car ORDER BY t, role, value),
        w AS (PARTITION BY car ORDER BY t, role, value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT car, $battery_power AS role, t, role AS source, value FROM battery
WHERE value IS NOT NULL AND (next_t IS NULL OR next_t > t)
UNION ALL
SELECT car, $inlet_power AS role, t, role AS source, COALESCE(ac + dc, ac, dc) AS value FROM inlet
WHERE COALESCE(ac, dc) IS NOT NULL AND (next_t IS NULL OR next_t > t)
