-- clickstream_invalid_events: Events whose name is NULL or not in the taxonomy.
-- needs: taxonomy
SELECT hour,
       count(*) AS clickstream_invalid_events
FROM events
WHERE is_invalid
GROUP BY hour
