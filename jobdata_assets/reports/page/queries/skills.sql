-- Skills in open postings as published (lower case); a posting counts for each of its skills.
-- `new_open` and `new_of`: the same among postings first seen in the last seven days, and how many these are.
SELECT
    name,
    count() AS open,
    any(all_open) AS of_open,
    countIf(fresh) AS new_open,
    any(all_fresh) AS of_new,
    countIf(middle IS NOT NULL) AS with_salary,
    ifNull(quantileExactIf(0.5)(assumeNotNull(middle), middle IS NOT NULL), 0) AS median
FROM
(
    SELECT
        arrayJoin(arrayDistinct(arrayMap(x -> lowerUTF8(trimBoth(x)), skills))) AS name,
        toDate(first_seen) > {date:Date} - 7 AND toDate(first_seen) <= {date:Date} AS fresh,
        toFloat64(salary_min + salary_max) / 2 AS middle
    FROM {jobs:Identifier}
    WHERE status = 'open'
) AS each
CROSS JOIN
(
    SELECT
        countIf(notEmpty(skills)) AS all_open,
        countIf(notEmpty(skills) AND toDate(first_seen) > {date:Date} - 7 AND toDate(first_seen) <= {date:Date})
            AS all_fresh
    FROM {jobs:Identifier}
    WHERE status = 'open'
) AS every
WHERE name != ''
GROUP BY name
ORDER BY open DESC, name
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 200000000
