-- clickstream_payload_events: Events with a payload.
-- clickstream_json_error_events: Events whose payload is not valid JSON.
-- needs: payload
SELECT hour,
       count(*)                              AS clickstream_payload_events,
       count(*) FILTER (WHERE is_json_error) AS clickstream_json_error_events
FROM events
WHERE has_payload
GROUP BY hour
