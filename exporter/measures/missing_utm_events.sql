-- clickstream_missing_utm_events: Events without any utm_* parameter.
-- needs: utm_source|utm_medium|utm_campaign
SELECT hour,
       sum(events) AS clickstream_missing_utm_events
FROM counts
WHERE is_missing_utm
GROUP BY hour
