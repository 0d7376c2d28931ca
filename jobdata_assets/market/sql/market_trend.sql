-- New and closed postings per day and platform.
-- A posting is new on the crawl day it was first seen, and closed on the last day it was seen if it is gone by now.
-- Days without either are left out. Days are Asia/Shanghai.
SELECT day, platform, sum(is_new) AS new, sum(is_closed) AS closed
FROM
(
    SELECT toDate(first_seen) AS day, toString(platform) AS platform, 1 AS is_new, 0 AS is_closed
    FROM job_analytics
    WHERE {platform:String} IN ('', platform)
    UNION ALL
    SELECT toDate(last_seen) AS day, toString(platform) AS platform, 0 AS is_new, 1 AS is_closed
    FROM job_analytics
    WHERE {platform:String} IN ('', platform) AND status = 'gone'
)
WHERE day BETWEEN {since:Date} AND {until:Date}
GROUP BY day, platform
ORDER BY day, platform
SETTINGS max_bytes_before_external_group_by = 300000000
