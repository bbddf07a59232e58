-- clickstream_missing_referrer_events: Events without a referrer (NULL or empty).
-- needs: referrer
SELECT hour,
       sum(events) AS clickstream_missing_referrer_events
FROM counts
WHERE is_missing_referrer
GROUP BY hour
