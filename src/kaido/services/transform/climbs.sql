-- Metres up and down in each trip: between means of the altitude, because single altitudes are noisy.
WITH lanes AS (
    SELECT car, t, value, NULL AS number FROM readings WHERE role = $altitude
    UNION ALL SELECT car, t, NULL AS value, number FROM activities
), labelled AS (
    SELECT car, t, value,
        LAST_VALUE(number IGNORE NULLS) OVER (
            PARTITION BY car ORDER BY t, COALESCE(number, 0) DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS number
    FROM lanes
), means AS (
    SELECT car, number, t // $climb_us AS slot, AVG(value) AS altitude
    FROM labelled WHERE value IS NOT NULL
    GROUP BY car, number, t // $climb_us
), steps AS (
    SELECT car, number, altitude - LAG(altitude) OVER (PARTITION BY car, number ORDER BY slot) AS climb FROM means
)
SELECT car, number, SUM(GREATEST(climb, 0)) AS gain_m, -SUM(LEAST(climb, 0)) AS loss_m
FROM steps GROUP BY car, number
