WITH chosen AS (
    SELECT w.*,
        CASE WHEN power_us * 10 >= product_us * 9 THEN 1 ELSE 0 END AS by_signal,
        CASE
            WHEN distance_odometer_m IS NULL THEN distance_speed_m
            WHEN distance_speed_m IS NULL THEN distance_odometer_m
            WHEN odometer_fall_m < 0 THEN distance_speed_m
            WHEN COALESCE(odometer_step_m, 1000.0e0) * 100 <= distance_odometer_m THEN distance_odometer_m
            WHEN speed_known >= 0.9e0 THEN distance_speed_m
            ELSE distance_odometer_m
        END AS distance_m
    FROM wide AS w WHERE kind = 0
)
SELECT c.car, c.number, c.t, c.t_end, c.duration_s,
    COALESCE(c.moving_s, c.active_us / 1e6) AS moving_s,
    c.distance_m, c.distance_odometer_m, c.distance_speed_m,
    CASE WHEN by_signal = 1 THEN power_out_wh ELSE product_out_wh END AS energy_out_wh,
    CASE WHEN by_signal = 1 THEN power_in_wh ELSE product_in_wh END AS energy_in_wh,
    c.auxiliary_wh, c.soc_start_percent, c.soc_end_percent, c.speed_max_kmh,
    c.distance_m / NULLIF(c.duration_s, 0) * 3.6e0 AS speed_mean_kmh,
    CASE WHEN by_signal = 1 THEN power_low_w ELSE product_low_w END AS power_max_w,
    c.temperature_c, e.gain_m AS elevation_gain_m, e.loss_m AS elevation_loss_m,
    c.start_latitude, c.start_longitude, c.end_latitude, c.end_longitude, c.longest_gap_s,
    CASE WHEN c.going = 1 OR c.longest_gap_s * 1000000 > $lost_us THEN 0 ELSE 1 END AS complete,
    NULLIF(CONCAT_WS('; ',
        CASE WHEN c.going = 1 THEN 'still going' END,
        CASE WHEN c.longest_gap_s * 1000000 > $lost_us
            THEN 'nothing was heard for ' || CAST(CAST(c.longest_gap_s / 60 AS BIGINT) AS VARCHAR) || ' min' END,
        CASE WHEN c.odometer_fall_m < 0 THEN 'the odometer went back: a clock jumped, or it did' END,
        CASE WHEN ABS(c.distance_odometer_m - c.distance_speed_m)
                > 0.1e0 * c.distance_odometer_m + 2 * COALESCE(c.odometer_step_m, 1000.0e0) + 200
            THEN 'odometer and speed disagree' END
    ), '') AS notes,
    c.fuel_l, c.engine_s, c.generator_wh, c.stored_start_wh, c.stored_end_wh,
    GREATEST(c.power_us, c.product_us) / 1e6 AS measured_s, c.battery_temperature_c
FROM chosen AS c LEFT JOIN climbs AS e ON e.car = c.car AND e.number = c.number
