-- The events of one day by hour and by what is asked most, so that one scan answers several measures; `has_client` is
-- whether the client is known.
SELECT hour,
       event_name,
       platform,
       device_class,
       is_missing_referrer,
       is_missing_utm,
       has_payload,
       is_json_error,
       client IS NOT NULL AS has_client,
       count(*) AS events
FROM events
GROUP BY ALL
