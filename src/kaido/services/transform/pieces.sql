-- Activities cut further: charges into slots, and where a moving car was silent (a hole, in which nothing is known).
-- `label` says number, activity and kind of a piece in one ascending number: number * 4 + kind, where kind 3 is a hole.
-- After the last piece comes one that only ends it.
WITH cuts AS (
    SELECT car, t, number * 4 + kind AS activity, NULL AS hole FROM activities
    UNION ALL
    SELECT a.car, a.t + n.n * $slot_us AS t, NULL AS activity, NULL AS hole
    FROM activities AS a JOIN numbers AS n ON n.n * $slot_us < a.t_end - a.t
    WHERE a.kind = 1 AND n.n > 0
    UNION ALL SELECT car, t, NULL AS activity, 1 AS hole FROM spans WHERE silence > 0 AND moves = 1
    UNION ALL SELECT car, t_end AS t, NULL AS activity, 0 AS hole FROM spans WHERE silence > 0 AND moves = 1
), moments AS (
    SELECT car, t, MAX(activity) AS activity, MAX(hole) AS hole FROM cuts GROUP BY car, t
), known AS (
    SELECT car, t, MAX(activity) OVER w AS activity, LAST_VALUE(hole IGNORE NULLS) OVER w AS hole,
        ROW_NUMBER() OVER (PARTITION BY car ORDER BY t) AS piece
    FROM moments
    WINDOW w AS (PARTITION BY car ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT car, t, activity // 4 AS number, piece * 4 + CASE WHEN hole = 1 THEN 3 ELSE activity % 4 END AS label
FROM known
UNION ALL
SELECT a.car, MAX(a.t_end) AS t, NULL AS number, MAX(k.pieces) * 4 + 4 AS label
FROM activities AS a JOIN (SELECT car, COUNT(*) AS pieces FROM known GROUP BY car) AS k ON k.car = a.car
GROUP BY a.car
