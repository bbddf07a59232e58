-- clickstream_invalid_events: Events whose name is NULL or not in the taxonomy.
-- needs: taxonomy
SELECT hour,
       sum(events) AS clickstream_invalid_events
FROM names
WHERE is_invalid
GROUP BY hour
