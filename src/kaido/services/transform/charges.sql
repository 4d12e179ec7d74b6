WITH chosen AS (
    SELECT w.*, CASE WHEN power_us * 10 >= product_us * 9 THEN 1 ELSE 0 END AS by_signal FROM wide AS w WHERE kind = 1
), energies AS (
    SELECT c.*,
        CASE WHEN by_signal = 1 THEN power_in_wh - power_out_wh ELSE product_in_wh - product_out_wh END AS energy_wh,
        CASE WHEN by_signal = 1 THEN power_high_w ELSE product_high_w END AS power_max_w
    FROM chosen AS c
)
SELECT car, number, t, t_end,
    CASE WHEN dc_a > 1 THEN 'DC' WHEN ac_a > 0.5e0 THEN 'AC' WHEN power_max_w > 25000 THEN 'DC' ELSE 'AC' END AS kind,
    CASE plug
        WHEN 1 THEN 'J1772' WHEN 2 THEN 'CCS1' WHEN 3 THEN 'NACS' WHEN 4 THEN 'CHAdeMO' WHEN 5 THEN 'GB/T'
        WHEN 6 THEN 'CCS2' WHEN 7 THEN 'Type 2' ELSE 'unknown'
    END AS connector,
    end_latitude AS latitude, end_longitude AS longitude,
    COALESCE(energy_wh, stored_end_wh - stored_start_wh) AS energy_battery_wh, charge_ah,
    CASE WHEN inlet_wh > 0 THEN inlet_wh END AS energy_wall_wh,
    soc_start_percent, soc_end_percent, active_us / 1e6 AS charging_s, interruptions, power_max_w,
    COALESCE(energy_wh, stored_end_wh - stored_start_wh) * 3.6e9 / NULLIF(active_us, 0) AS power_mean_w,
    battery_temperature_c,
    CASE WHEN going = 1 THEN 0 ELSE 1 END AS complete,
    NULLIF(CONCAT_WS('; ',
        CASE WHEN going = 1 THEN 'still going' END,
        CASE WHEN energy_wh IS NULL AND stored_end_wh IS NOT NULL THEN 'energy by the stored energy' END,
        CASE WHEN energy_wh IS NULL AND stored_end_wh IS NULL THEN 'power is not known' END
    ), '') AS notes,
    stored_start_wh, stored_end_wh, GREATEST(power_us, product_us) / 1e6 AS measured_s, temperature_c
FROM energies
