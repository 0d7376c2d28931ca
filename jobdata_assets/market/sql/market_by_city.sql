-- Postings by city.
SELECT
    name,
    name AS title,
    count() AS jobs,
    countIf(still_open) AS open,
    ifNull(quantileExactIf(0.5)(assumeNotNull(middle), middle IS NOT NULL), 0) AS median_salary
FROM
(
    SELECT
        toString(city) AS name,
        status = 'open' AS still_open,
        toFloat64(salary_min + salary_max) / 2 AS middle
    FROM job_analytics
    WHERE {platform:String} IN ('', platform) AND {city:String} IN ('', city)
        AND ({keyword:String} = '' OR has(keywords, {keyword:String}))
)
WHERE name != ''
GROUP BY name
ORDER BY jobs DESC, name
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 300000000
