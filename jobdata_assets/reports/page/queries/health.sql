-- Pages of searches by day and platform: how many, how many answered, how fast, and for how many keywords.
SELECT
    crawl_date AS day,
    toString(platform) AS platform,
    count() AS pages,
    countIf(outcome IN ('ok', 'last', 'empty')) AS answered,
    sum(records) AS records,
    uniqExact(keyword) AS keywords,
    uniqExact(identity) AS identities,
    sum(body_bytes) AS bytes,
    quantile(0.5)(latency_ms) AS latency_p50,
    quantile(0.95)(latency_ms) AS latency_p95
FROM crawl_page
WHERE kind = 'search' AND crawl_date BETWEEN {since:Date} AND {date:Date}
GROUP BY day, platform
ORDER BY day, platform
