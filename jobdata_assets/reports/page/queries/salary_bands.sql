-- Open postings by salary band: CNY a month, the middle of the published range. `edges` are the bands' lower ends.
SELECT band, count() AS jobs
FROM
(
    SELECT arrayCount(edge -> middle >= edge, {edges:Array(Float64)}) AS band
    FROM
    (
        SELECT assumeNotNull(toFloat64(salary_min + salary_max) / 2) AS middle
        FROM {jobs:Identifier}
        WHERE status = 'open' AND salary_min IS NOT NULL AND salary_max IS NOT NULL
    )
)
GROUP BY band
ORDER BY band
SETTINGS max_bytes_before_external_group_by = 200000000
