-- Salaries of open postings by keyword; a posting found under two keywords counts for both. CNY a month, quantiles of the middle of the published range.
SELECT
    name,
    count() AS jobs,
    countIf(middle IS NOT NULL) AS with_salary,
    ifNull(quantileExactIf(0.25)(assumeNotNull(middle), middle IS NOT NULL), 0) AS p25,
    ifNull(quantileExactIf(0.5)(assumeNotNull(middle), middle IS NOT NULL), 0) AS median,
    ifNull(quantileExactIf(0.75)(assumeNotNull(middle), middle IS NOT NULL), 0) AS p75,
    ifNull(quantileExactIf(0.9)(assumeNotNull(middle), middle IS NOT NULL), 0) AS p90
FROM
(
    SELECT arrayJoin(keywords) AS name, toFloat64(salary_min + salary_max) / 2 AS middle
    FROM {jobs:Identifier}
    WHERE status = 'open'
)
WHERE name != ''
GROUP BY name
ORDER BY jobs DESC, name
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 200000000
