-- clickstream_duplicate_events: Extra copies of events: rows minus distinct rows over the key columns.
SELECT hour,
       sum(copies - 1) AS clickstream_duplicate_events
FROM (SELECT min(hour) AS hour, count(*) AS copies FROM events GROUP BY row_key)
GROUP BY hour
