-- clickstream_missing_referrer_events: Events without a referrer (NULL or empty).
-- needs: referrer
SELECT hour,
       count(*) AS clickstream_missing_referrer_events
FROM events
WHERE is_missing_referrer
GROUP BY hour
