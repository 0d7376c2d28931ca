-- Postings by keyword; one found under two keywords counts for both.
SELECT
    name,
    countIf(still_open) AS open,
    countIf(first_day = {date:Date}) AS new,
    countIf(first_day > {date:Date} - 7 AND first_day <= {date:Date}) AS new_week,
    countIf(NOT still_open AND last_day + 1 > {date:Date} - 7 AND last_day + 1 <= {date:Date}) AS closed_week
FROM
(
    SELECT
        arrayJoin(keywords) AS name,
        status = 'open' AS still_open,
        toDate(first_seen) AS first_day,
        toDate(last_seen) AS last_day
    FROM {jobs:Identifier}
)
GROUP BY name
ORDER BY new DESC, new_week DESC, open DESC, name
LIMIT {limit:UInt32}
SETTINGS max_bytes_before_external_group_by = 200000000
