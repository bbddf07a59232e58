-- clickstream_named_events: Events by name, for each name of the taxonomy.
-- needs: taxonomy
SELECT hour,
       event_name,
       events AS clickstream_named_events
FROM names
WHERE NOT is_invalid
