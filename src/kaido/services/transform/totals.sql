-- Each role over each activity. Energies come from the battery's power signal, or from voltage times current where that
-- was known for longer; what is unknown of the time (holes) is taken to have been as the rest was.
WITH summed AS (
    SELECT m.car, p.number, m.role,
        CAST(SUM(m.samples) AS BIGINT) AS samples,
        MAX(CASE WHEN p.t = a.t THEN m.start_value END) AS start_value,
        MIN_BY(m.first_value, m.label) FILTER (WHERE m.first_value IS NOT NULL) AS first_value,
        MAX_BY(m.end_value, m.label) AS last_value,
        MIN(m.low) AS low, MAX(m.high) AS high,
        CAST(SUM(m.known_us) AS BIGINT) AS known_us, CAST(SUM(m.active_us) AS BIGINT) AS active_us,
        CAST(SUM(m.inward_us) AS BIGINT) AS inward_us,
        MAX(m.gap_us) AS gap_us,
        SUM(m.area_in) / 1e6 AS area_in, SUM(m.area_out) / 1e6 AS area_out,
        MIN(m.finest) AS finest, MIN(m.fall) AS fall
    FROM measures AS m
    JOIN pieces AS p ON p.car = m.car AND p.label = m.label
    JOIN activities AS a ON a.car = p.car AND a.number = p.number
    GROUP BY m.car, p.number, m.role
)
SELECT s.*, (a.t_end - a.t) / 1e6 AS duration_s, COALESCE(e.start_value, s.last_value) AS end_value,
    CASE WHEN s.known_us * 2 >= a.t_end - a.t AND s.known_us > 0 THEN (a.t_end - a.t) * 1.0e0 / s.known_us END AS share
FROM summed AS s
JOIN activities AS a ON a.car = s.car AND a.number = s.number
LEFT JOIN (
    SELECT m.car, m.role, p.t, m.start_value FROM measures AS m JOIN pieces AS p ON p.car = m.car AND p.label = m.label
) AS e ON e.car = a.car AND e.role = s.role AND e.t = a.t_end
