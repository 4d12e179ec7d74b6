-- Each role over each piece: how its value was at the start and the end, and its integral over time.
-- A value holds until the next sample of its role, for cars send what changes; but a car that sleeps says nothing.
-- Samples close to one another are joined by a line. What flows is not known in a hole, nor behind it until it is said
-- again (-1e300 stands for that): its change may have been lost.
WITH lanes AS (
    SELECT car, role, t, value, 1 AS source, NULL AS label FROM readings
    WHERE role <> $altitude
    UNION ALL SELECT car, role, t, value, source, NULL AS label FROM products
    UNION ALL
    SELECT p.car, q.role, p.t,
        CASE WHEN p.label % 4 = 3 AND q.role NOT IN (
            $odometer, $latitude, $longitude, $soc, $energy, $battery_temperature, $ambient, $plug, $cable,
            $power_state, $connected
        ) THEN -1e300 END AS value,
        0 AS source, p.label
    FROM pieces AS p JOIN present AS q ON q.car = p.car
    WHERE q.role <> $altitude
), held AS (
    SELECT car, role, t, source,
        LAST_VALUE(label IGNORE NULLS) OVER w AS label,
        NULLIF(LAST_VALUE(value IGNORE NULLS) OVER w, -1e300) AS value,
        LEAD(t) OVER o AS next_t,
        LEAD(CASE WHEN source > 0 THEN value END) OVER o AS next_value
    FROM lanes
    WINDOW o AS (PARTITION BY car, role ORDER BY t, source, value),
        w AS (PARTITION BY car, role ORDER BY t, source, value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), known AS (
    SELECT car, role, t, source, label, value,
        CASE WHEN source = 0 AND next_t = t AND next_value IS NOT NULL THEN next_value ELSE value END AS start_value,
        CASE WHEN next_t - t <= $dense_us AND next_value IS NOT NULL THEN next_value ELSE value END AS end_value,
        next_value,
        next_t - t AS gap_us,
        CASE
            WHEN value IS NULL OR label % 4 = 3 THEN 0
            WHEN label % 4 = 2 THEN LEAST(next_t - t, $doze_us)
            ELSE next_t - t
        END AS known_us
    FROM held
)
SELECT car, role, label,
    COUNT(CASE WHEN source > 0 THEN 1 END) AS samples,
    MAX(CASE WHEN source = 0 THEN start_value END) AS start_value,
    MIN_BY(value, t) FILTER (WHERE source > 0) AS first_value,
    MAX_BY(value, t * 100 + source) AS end_value,
    MIN(CASE WHEN source > 0 THEN value END) AS low,
    MAX(CASE WHEN source > 0 THEN value END) AS high,
    CAST(SUM(known_us) AS BIGINT) AS known_us,
    CAST(SUM(CASE WHEN value > 0.5e0 THEN known_us ELSE 0 END) AS BIGINT) AS active_us,
    CAST(SUM(CASE WHEN value > 0 THEN known_us ELSE 0 END) AS BIGINT) AS inward_us,
    MAX(gap_us) AS gap_us,
    SUM((GREATEST(value, 0) + GREATEST(end_value, 0)) / 2 * known_us) AS area_in,
    SUM((LEAST(value, 0) + LEAST(end_value, 0)) / 2 * known_us) AS area_out,
    MIN(CASE WHEN next_value > value THEN next_value - value END) AS finest,
    MIN(next_value - value) AS fall
FROM known
GROUP BY car, role, label
