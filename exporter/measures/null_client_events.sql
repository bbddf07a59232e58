-- clickstream_null_client_events: Events whose client id is NULL, blank or a placeholder.
-- needs: client_id
SELECT hour,
       sum(events) AS clickstream_null_client_events
FROM counts
WHERE NOT has_client
GROUP BY hour
