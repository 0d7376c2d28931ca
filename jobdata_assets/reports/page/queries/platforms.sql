-- Postings by platform as they stand, and the movement of a day; the row without a platform is all of them together.
-- A posting is closed on the day after it was last seen, once a later crawl has shown that it is gone.
SELECT
    platform,
    countIf(still_open) AS open,
    countIf(first_day = {date:Date}) AS new,
    countIf(first_day > {date:Date} - 7 AND first_day <= {date:Date}) AS new_week,
    countIf(NOT still_open AND last_day + 1 = {date:Date}) AS closed,
    countIf(NOT still_open AND last_day + 1 > {date:Date} - 7 AND last_day + 1 <= {date:Date}) AS closed_week,
    uniqExactIf(company, still_open AND company != '') AS companies,
    countIf(still_open AND middle IS NOT NULL) AS with_salary,
    ifNull(quantileExactIf(0.5)(assumeNotNull(middle), still_open AND middle IS NOT NULL), 0) AS median
FROM
(
    SELECT
        toString(platform) AS platform,
        status = 'open' AS still_open,
        toDate(first_seen) AS first_day,
        toDate(last_seen) AS last_day,
        if(company_id != '', company_id, company_name) AS company,
        toFloat64(salary_min + salary_max) / 2 AS middle
    FROM {jobs:Identifier}
)
GROUP BY platform WITH ROLLUP
ORDER BY platform
SETTINGS max_bytes_before_external_group_by = 200000000
