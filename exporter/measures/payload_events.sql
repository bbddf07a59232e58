-- clickstream_payload_events: Events with a payload.
-- clickstream_json_error_events: Events whose payload is not valid JSON.
-- needs: payload
SELECT hour,
       sum(events)                                            AS clickstream_payload_events,
       coalesce(sum(events) FILTER (WHERE is_json_error), 0) AS clickstream_json_error_events
FROM counts
WHERE has_payload
GROUP BY hour
