-- Each charge in slots from its start on. A pause takes nothing from the wall; what is not known of it is null.
WITH slots AS (
    SELECT m.car, p.number, a.t + (p.t - a.t) // $slot_us * $slot_us AS t, m.role,
        SUM(m.known_us) AS known_us,
        SUM(m.area_in + m.area_out) / 1e6 AS area,
        MAX_BY(m.end_value, m.label) AS end_value
    FROM measures AS m
    JOIN pieces AS p ON p.car = m.car AND p.label = m.label
    JOIN activities AS a ON a.car = p.car AND a.number = p.number
    WHERE a.kind = 1 AND m.role IN ($power, $battery_power, $inlet_power, $soc)
    GROUP BY m.car, p.number, a.t + (p.t - a.t) // $slot_us * $slot_us, m.role
), powers AS (
    SELECT car, number, t,
        MAX(CASE WHEN role = $power THEN known_us ELSE 0 END) AS power_us,
        MAX(CASE WHEN role = $power THEN area END) AS power_j,
        MAX(CASE WHEN role = $battery_power THEN known_us ELSE 0 END) AS product_us,
        MAX(CASE WHEN role = $battery_power THEN area END) AS product_j,
        MAX(CASE WHEN role = $inlet_power THEN known_us ELSE 0 END) AS inlet_us,
        MAX(CASE WHEN role = $inlet_power THEN area END) AS inlet_j,
        MAX(CASE WHEN role = $soc THEN end_value END) AS soc_percent
    FROM slots GROUP BY car, number, t
), chosen AS (
    SELECT car, number, t, inlet_us, inlet_j, soc_percent,
        CASE WHEN power_us * 10 >= product_us * 9 THEN power_j ELSE product_j END AS battery_j,
        CASE WHEN power_us * 10 >= product_us * 9 THEN power_us ELSE product_us END AS known_us
    FROM powers
)
SELECT car, number, t, battery_j / 3.6e3 AS energy_battery_wh,
    CASE WHEN inlet_us > 0 THEN GREATEST(inlet_j, 0) / 3.6e3 END AS energy_wall_wh,
    soc_percent, battery_j * 1e6 / NULLIF(known_us, 0) AS power_w
FROM chosen
