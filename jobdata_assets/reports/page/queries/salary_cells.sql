-- Median salaries of open postings by city and keyword; a posting found under two keywords counts for both.
SELECT
    city,
    keyword,
    count() AS jobs,
    countIf(middle IS NOT NULL) AS with_salary,
    ifNull(quantileExactIf(0.5)(assumeNotNull(middle), middle IS NOT NULL), 0) AS median
FROM
(
    SELECT toString(city) AS city, arrayJoin(keywords) AS keyword, toFloat64(salary_min + salary_max) / 2 AS middle
    FROM {jobs:Identifier}
    WHERE status = 'open'
)
WHERE city != ''
GROUP BY city, keyword
ORDER BY jobs DESC, city, keyword
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 200000000
