-- Where a state of a car begins (1) and ends (0). `what` is the role that says so.
WITH flags AS (
    SELECT r.car, r.role AS what, r.t,
        CASE WHEN r.role = $gear THEN CASE WHEN r.value = 126 THEN 0 ELSE 1 END
            WHEN r.value > s.above THEN 1 ELSE 0 END AS flag
    FROM readings AS r JOIN states AS s ON s.role = r.role
), steps AS (
    -- where there is no speed, the odometer tells of movement; where nothing tells of charging, the state of charge does
    SELECT r.car, r.role AS what, r.t, r.value,
        LAG(r.t) OVER (PARTITION BY r.car, r.role ORDER BY r.t, r.value) AS t_before,
        LAG(r.value) OVER (PARTITION BY r.car, r.role ORDER BY r.t, r.value) AS value_before
    FROM readings AS r
    WHERE (r.role = $odometer AND r.car NOT IN (SELECT car FROM present WHERE role = $speed))
        OR (r.role = $soc AND r.car NOT IN (
            SELECT car FROM present WHERE role IN ($charging, $ac_current_1, $dc_current, $power, $current)))
), rises AS (
    SELECT car, what, t_before AS t, t AS t_end FROM steps
    WHERE value > value_before AND t - t_before <= CASE WHEN what = $odometer THEN $lost_us ELSE $rise_us END
), inflows AS (
    SELECT r.car, $power AS what, r.t,
        CASE WHEN r.value > CASE WHEN r.role = $power THEN $inflow_w ELSE 1.5e0 END THEN 1 ELSE 0 END AS flag
    FROM readings AS r
    WHERE (r.role = $power OR (r.role = $current AND r.car NOT IN (SELECT car FROM present WHERE role = $power)))
        AND r.car NOT IN (SELECT car FROM present WHERE role IN ($charging, $ac_current_1, $dc_current))
), every AS (
    SELECT car, what, t, flag FROM flags
    UNION ALL SELECT car, what, t, 1 AS flag FROM rises
    UNION ALL SELECT car, what, t_end AS t, 0 AS flag FROM rises
    UNION ALL SELECT car, what, t, flag FROM inflows
)
SELECT car, what, t, flag
FROM (
    SELECT car, what, t, flag, LAG(flag) OVER (PARTITION BY car, what ORDER BY t, flag) AS flag_before FROM every
) AS ordered
WHERE flag_before IS NULL OR flag_before <> flag
