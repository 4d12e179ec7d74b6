-- What the battery's current sensor counted over each trip and charge. One alone does not tell how far the sensor is off;
-- many do. `energy_by` says what the energy of `trips` and `charges` came from: only that by current is off with it.
SELECT car, number, t, t_end, CASE kind WHEN 0 THEN 'trip' ELSE 'charge' END AS kind,
    charge_in_ah, charge_out_ah, inflow_s, counted_s,
    CASE
        WHEN power_us * 10 >= product_us * 9 THEN CASE WHEN power_in_wh IS NOT NULL THEN 'power' END
        WHEN product_in_wh IS NOT NULL THEN 'current'
    END AS energy_by,
    soc_start_percent, soc_end_percent,
    CASE WHEN going = 1 THEN 0 ELSE 1 END AS complete
FROM wide WHERE kind <> 2
