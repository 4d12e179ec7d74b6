-- Which roles a car has at all.
SELECT car, role, COUNT(*) AS samples
FROM readings GROUP BY car, role
UNION ALL
SELECT car, $battery_power AS role, MIN(samples) AS samples
FROM (SELECT car, role, COUNT(*) AS samples FROM readings WHERE role IN ($voltage, $current) GROUP BY car, role) AS parts
GROUP BY car HAVING COUNT(*) = 2
UNION ALL
SELECT car, $inlet_power AS role, COUNT(*) AS samples
FROM readings WHERE role IN ($ac_current_1, $dc_current) GROUP BY car
