-- clickstream_bot_events: Events of declared bots and AI agents, by their user agent or device.
-- needs: user_agent|device
SELECT hour,
       count(*) AS clickstream_bot_events
FROM events
WHERE is_bot
GROUP BY hour
