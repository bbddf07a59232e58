-- clickstream_direct_sessions: Sessions whose first event has no external referrer, no utm_* and no click id.
-- needs: client_id, referrer, utm_source
SELECT hour,
       count(*) AS clickstream_direct_sessions
FROM sessions
WHERE is_direct
GROUP BY hour
