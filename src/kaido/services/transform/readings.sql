-- What the signals say of each car (a vehicle's stretch of time), cleaned: a sentinel or an impossible value is no value.
-- `carried` is what was known when the stretch began. The moment of its end belongs to it: what is said then is how it ended.
-- What a wrong clock says would make decades of idle.
SELECT w.car, r.role, s.time_us AS t, COALESCE(s.value * r.factor, x.value) AS value
FROM samples AS s
JOIN roles AS r ON r.path = s.signal
JOIN windows AS w ON w.vehicle = s.vehicle
LEFT JOIN words AS x ON x.role = r.role AND x.word = s.text
WHERE s.time_us >= w.low AND s.time_us <= w.high AND s.time_us BETWEEN $earliest_us AND $latest_us
    AND ((s.value >= r.low AND s.value <= r.high AND (r.sentinel IS NULL OR s.value <> r.sentinel))
        OR x.value IS NOT NULL)
UNION ALL
SELECT c.car, c.role, w.low AS t, c.value
FROM carried AS c JOIN windows AS w ON w.car = c.car
WHERE w.low BETWEEN $earliest_us AND $latest_us
