-- Salaries in CNY a month by city and keyword: quantiles of the middle between the published ends.
-- Postings without a lower or an upper end are counted, but have no middle. A posting found under two keywords
-- counts for both.
SELECT
    city,
    keyword,
    count() AS jobs,
    countIf(middle IS NOT NULL) AS with_salary,
    quantileExactIf(0.25)(assumeNotNull(middle), middle IS NOT NULL) AS p25,
    quantileExactIf(0.5)(assumeNotNull(middle), middle IS NOT NULL) AS median,
    quantileExactIf(0.75)(assumeNotNull(middle), middle IS NOT NULL) AS p75,
    quantileExactIf(0.9)(assumeNotNull(middle), middle IS NOT NULL) AS p90
FROM
(
    SELECT toString(city) AS city, arrayJoin(keywords) AS keyword, toFloat64(salary_min + salary_max) / 2 AS middle
    FROM job_analytics
    WHERE {platform:String} IN ('', platform) AND {city:String} IN ('', city) AND {status:String} IN ('', status)
)
WHERE city != '' AND {keyword:String} IN ('', keyword)
GROUP BY city, keyword
HAVING jobs >= {min_jobs:UInt32}
ORDER BY jobs DESC, city, keyword
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 300000000
