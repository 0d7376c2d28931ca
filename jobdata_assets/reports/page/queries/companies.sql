-- Companies with most open postings: the one resolved across platforms where known, else the published name.
SELECT
    any(shown) AS title,
    count() AS open,
    countIf(first_day > {date:Date} - 7 AND first_day <= {date:Date}) AS new_week,
    uniqExactIf(city, city != '') AS cities,
    arrayStringConcat(arraySort(groupUniqArray(platform)), ', ') AS platforms,
    countIf(middle IS NOT NULL) AS with_salary,
    ifNull(quantileExactIf(0.5)(assumeNotNull(middle), middle IS NOT NULL), 0) AS median
FROM
(
    SELECT
        if(company_id != '', company_id, company_name) AS name,
        company_name AS shown,
        toString(platform) AS platform,
        toString(city) AS city,
        toDate(first_seen) AS first_day,
        toFloat64(salary_min + salary_max) / 2 AS middle
    FROM {jobs:Identifier}
    WHERE status = 'open'
)
WHERE name != ''
GROUP BY name
ORDER BY open DESC, new_week DESC, title
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 200000000
