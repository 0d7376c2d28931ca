-- What a report reads of job_analytics, once: the view joins every job with its facts each time it is asked.
CREATE OR REPLACE TABLE {copy:Identifier} ENGINE = MergeTree ORDER BY tuple() AS
SELECT
    platform, status, first_seen, last_seen, city, keywords, salary_min, salary_max, skills, company_name,
    company_id
FROM job_analytics
SETTINGS max_bytes_before_external_group_by = 200000000
