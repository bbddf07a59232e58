-- clickstream_sessions: Sessions that began on the day.
-- needs: client_id
SELECT hour,
       count(*) AS clickstream_sessions
FROM sessions
GROUP BY hour
