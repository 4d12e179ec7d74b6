-- When a car was heard at all, in slots of ten seconds, and its odometer then. A stretch that is cut off on its right
-- (what follows stays as it is) ends with its last slot.
SELECT car, t // 10000000 AS slot, MIN(t) AS t, MAX(t) AS t_end,
    MAX(CASE WHEN role = $odometer THEN value END) AS odometer_high,
    MIN(CASE WHEN role = $odometer THEN value END) AS odometer_low
FROM readings GROUP BY car, t // 10000000
UNION ALL
SELECT car, high // 10000000 AS slot, high AS t, high AS t_end, NULL AS odometer_high, NULL AS odometer_low
FROM windows WHERE bounded = 1
