-- Every moment of a car is one of trip (0), charge (1) and idle (2).
WITH walked AS (
    SELECT car, t, t_end, moves, powered, charges,
        SUM(CASE WHEN powered = 0 THEN t_end - t ELSE 0 END) OVER w AS off_us,
        SUM(CASE WHEN powered = 1 AND moves = 0 THEN t_end - t ELSE 0 END) OVER w AS on_us,
        SUM(CASE WHEN charges = 1 THEN t_end - t ELSE 0 END) OVER w AS charged_us,
        SUM(CASE WHEN moves = 1 THEN t_end - t ELSE 0 END) OVER w AS moved_us,
        SUM(CASE WHEN cable = 1 AND charges = 0 THEN t_end - t ELSE 0 END) OVER w AS plugged_us,
        SUM(CASE WHEN cable = 0 THEN t_end - t ELSE 0 END) OVER w AS unplugged_us,
        MAX(CASE WHEN COALESCE(powered, 0) <> 1 THEN t_end END) OVER w AS on_since,
        MAX(CASE WHEN charges = 1 THEN t_end END) OVER w AS charged_until,
        MIN(CASE WHEN COALESCE(powered, 0) <> 1 THEN t END) OVER v AS on_until,
        MIN(CASE WHEN charges = 1 THEN t END) OVER v AS charged_from,
        MIN(t) OVER w AS first_t,
        MAX(t_end) OVER v AS last_t
    FROM spans
    WINDOW w AS (PARTITION BY car ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        v AS (PARTITION BY car ORDER BY t ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
), stops AS (
    SELECT car, t, t_end, powered, first_t, last_t, on_since, on_until, charged_until, charged_from,
        t - LAG(t_end) OVER w AS stop_us,
        off_us - LAG(off_us) OVER w AS off_us,
        on_us - LAG(on_us) OVER w AS on_us,
        charged_us - LAG(charged_us) OVER w AS charged_us
    FROM walked WHERE moves = 1 AND t_end > t
    WINDOW w AS (PARTITION BY car ORDER BY t)
), moves AS (
    SELECT *, SUM(CASE
            WHEN stop_us IS NULL OR off_us > $off_us OR charged_us > $flicker_us OR stop_us > $stand_us
                OR stop_us - on_us > $stop_us THEN 1 ELSE 0
        END) OVER (PARTITION BY car ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
    FROM stops
), drives AS (
    SELECT car, MIN(t) AS t, MAX(t_end) AS t_end, SUM(t_end - t) AS active_us,
        GREATEST(MIN(COALESCE(on_since, first_t)), MIN(COALESCE(charged_until, first_t))) AS on_since,
        LEAST(MAX(COALESCE(on_until, last_t)), MAX(COALESCE(charged_from, last_t))) AS on_until
    FROM moves GROUP BY car, island
    HAVING SUM(t_end - t) >= $moving_us
), trips AS (
    SELECT car, 0 AS kind,
        CASE WHEN t - on_since BETWEEN 0 AND $stand_us THEN on_since ELSE t END AS t,
        CASE WHEN on_until - t_end BETWEEN 0 AND $stand_us THEN on_until ELSE t_end END AS t_end,
        active_us, 0 AS interruptions
    FROM drives
), pauses AS (
    SELECT car, t, t_end,
        t - LAG(t_end) OVER w AS pause_us,
        moved_us - LAG(moved_us) OVER w AS moved_us,
        plugged_us - LAG(plugged_us) OVER w AS plugged_us,
        unplugged_us - LAG(unplugged_us) OVER w AS unplugged_us
    FROM walked WHERE charges = 1 AND t_end > t
    WINDOW w AS (PARTITION BY car ORDER BY t)
), begins AS (
    SELECT car, t, t_end, pause_us,
        CASE WHEN pause_us IS NULL OR moved_us > 0 OR unplugged_us > 0 OR pause_us > $pause_us
            OR pause_us - plugged_us > $unseen_us THEN 1 ELSE 0 END AS begins
    FROM pauses
), flows AS (
    SELECT car, t, t_end, CASE WHEN begins = 0 AND pause_us > 0 THEN 1 ELSE 0 END AS interrupted,
        SUM(begins) OVER (PARTITION BY car ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
    FROM begins
), charges AS (
    SELECT car, 1 AS kind, MIN(t) AS t, MAX(t_end) AS t_end, SUM(t_end - t) AS active_us,
        SUM(interrupted) AS interruptions
    FROM flows GROUP BY car, island
    HAVING SUM(t_end - t) >= $flicker_us
), busy AS (
    SELECT car, kind, t, t_end, active_us, interruptions FROM trips
    UNION ALL SELECT car, kind, t, t_end, active_us, interruptions FROM charges
    UNION ALL SELECT car, -1 AS kind, MIN(t) AS t, MIN(t) AS t_end, 0 AS active_us, 0 AS interruptions
    FROM spans GROUP BY car
), ends AS (
    SELECT car, t AS last_t, powered, charges FROM spans WHERE t_end = t
), filled AS (
    SELECT car, kind, t, t_end, active_us, interruptions FROM busy WHERE t_end > t
    UNION ALL
    SELECT g.car, 2 AS kind, g.t_end AS t, COALESCE(g.next_t, e.last_t) AS t_end, 0 AS active_us, 0 AS interruptions
    FROM (SELECT car, t_end, LEAD(t) OVER (PARTITION BY car ORDER BY t, t_end) AS next_t FROM busy) AS g
    JOIN ends AS e ON e.car = g.car
    WHERE COALESCE(g.next_t, e.last_t) > g.t_end
)
SELECT f.car, ROW_NUMBER() OVER (PARTITION BY f.car ORDER BY f.t) AS number, f.kind, f.t, f.t_end,
    CAST(f.active_us AS BIGINT) AS active_us, CAST(f.interruptions AS BIGINT) AS interruptions,
    CASE
        WHEN f.t_end < e.last_t OR w.bounded = 1 THEN 0
        WHEN f.kind = 0 AND e.powered = 0 THEN 0
        WHEN f.kind = 1 AND e.charges = 0 THEN 0
        ELSE 1
    END AS going
FROM filled AS f JOIN ends AS e ON e.car = f.car JOIN windows AS w ON w.car = f.car
