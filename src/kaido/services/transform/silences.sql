-- Where nothing at all was heard: 1 for a while, 2 for so long that states are lost, 3 the same but the odometer went on.
SELECT car, t_end AS t, next_t AS t_end,
    CASE
        WHEN next_t - t_end <= $lost_us THEN 1
        WHEN (next_odometer - odometer) * 1e6 >= $crawl_mps * (next_t - t_end) THEN 3
        ELSE 2
    END AS silence
FROM (
    SELECT car, t_end,
        LEAD(t) OVER (PARTITION BY car ORDER BY slot, t) AS next_t,
        LAST_VALUE(odometer_high IGNORE NULLS) OVER (
            PARTITION BY car ORDER BY slot, t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS odometer,
        FIRST_VALUE(odometer_low IGNORE NULLS) OVER (
            PARTITION BY car ORDER BY slot, t ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_odometer
    FROM heard
) AS gaps
WHERE next_t - t_end > $quiet_us
