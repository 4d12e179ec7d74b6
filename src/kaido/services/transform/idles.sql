-- A sleeping car says nothing of its power: then what it stores tells what it drew.
SELECT car, number, t, t_end,
    CASE
        WHEN power_us >= 0.9e0 * (t_end - t) THEN power_out_wh - power_in_wh
        WHEN product_us >= 0.9e0 * (t_end - t) THEN product_out_wh - product_in_wh
        ELSE stored_start_wh - stored_end_wh
    END AS energy_wh,
    soc_start_percent, soc_end_percent, temperature_c,
    CASE WHEN going = 1 THEN 0 ELSE 1 END AS complete,
    NULLIF(CONCAT_WS('; ',
        CASE WHEN going = 1 THEN 'still going' END,
        CASE WHEN distance_odometer_m > 500 THEN 'driven unheard: the odometer went on' END,
        CASE WHEN COALESCE(distance_odometer_m, 0) <= 500
                AND (ABS(end_latitude - start_latitude) > 0.005e0 OR ABS(end_longitude - start_longitude) > 0.005e0)
            THEN 'moved without being driven: towed, or a ferry' END
    ), '') AS notes,
    start_latitude AS latitude, start_longitude AS longitude, stored_start_wh, stored_end_wh,
    GREATEST(power_us, product_us) / 1e6 AS measured_s
FROM wide WHERE kind = 2
