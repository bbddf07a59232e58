-- clickstream_duplicate_events: Extra copies of events: rows minus distinct rows over the key columns.
WITH copied AS (SELECT row_key FROM events GROUP BY row_key HAVING count(*) > 1)
SELECT hour,
       sum(copies - 1) AS clickstream_duplicate_events
FROM (SELECT min(hour) AS hour, count(*) AS copies FROM events SEMI JOIN copied USING (row_key) GROUP BY row_key)
GROUP BY hour
