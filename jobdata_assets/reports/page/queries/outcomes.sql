-- Pages of searches of a day by platform and outcome.
SELECT toString(platform) AS platform, toString(outcome) AS outcome, count() AS pages
FROM crawl_page
WHERE kind = 'search' AND crawl_date = {date:Date}
GROUP BY platform, outcome
ORDER BY platform, pages DESC, outcome
