-- New and closed postings by day and platform; days without either are left out.
-- A posting is closed on the day after it was last seen, once a later crawl has shown that it is gone.
SELECT day, platform, sum(is_new) AS new, sum(is_closed) AS closed
FROM
(
    SELECT toDate(first_seen) AS day, toString(platform) AS platform, 1 AS is_new, 0 AS is_closed
    FROM {jobs:Identifier}
    UNION ALL
    SELECT toDate(last_seen) + 1 AS day, toString(platform) AS platform, 0 AS is_new, 1 AS is_closed
    FROM {jobs:Identifier}
    WHERE status = 'gone'
)
WHERE day BETWEEN {since:Date} AND {date:Date}
GROUP BY day, platform
ORDER BY day, platform
SETTINGS max_bytes_before_external_group_by = 200000000
