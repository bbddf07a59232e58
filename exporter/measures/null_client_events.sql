-- clickstream_null_client_events: Events without a client id (NULL or empty).
-- needs: client_id
SELECT hour,
       count(*) AS clickstream_null_client_events
FROM events
WHERE client IS NULL
GROUP BY hour
