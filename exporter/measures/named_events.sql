-- clickstream_named_events: Events of each name of the taxonomy.
-- needs: taxonomy
SELECT hour,
       event_name,
       count(*) AS clickstream_named_events
FROM events
WHERE NOT is_invalid
GROUP BY hour, event_name
