-- clickstream_missing_utm_events: Events without any utm_* parameter.
-- needs: utm_source|utm_medium|utm_campaign
SELECT hour,
       count(*) AS clickstream_missing_utm_events
FROM events
WHERE is_missing_utm
GROUP BY hour
