-- What was known of a car when each activity began: enough to derive from there on without looking further back.
SELECT car, number, role, start_value AS value FROM totals WHERE start_value IS NOT NULL
