-- clickstream_null_client_events: Events whose client id is NULL, blank or a placeholder.
-- needs: client_id
SELECT hour,
       count(*) AS clickstream_null_client_events
FROM events
WHERE client IS NULL
GROUP BY hour
