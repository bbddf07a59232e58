-- clickstream_bot_sessions: Sessions whose first event is of a declared bot or AI agent, even if they are left out.
-- needs: client_id, user_agent|device
SELECT half_hours.hour,
       count(*) AS clickstream_bot_sessions
FROM half_hours
SEMI JOIN events
  ON events.client = half_hours.client
 AND events.ts = half_hours.started
 AND events.is_bot
WHERE half_hours.first = half_hours.started
GROUP BY half_hours.hour
