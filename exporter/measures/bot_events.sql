-- clickstream_bot_events: Events of declared bots and AI agents, by their user agent or device.
-- needs: user_agent|device
SELECT hour,
       sum(events) AS clickstream_bot_events
FROM counts
WHERE platform = 'bot' OR device_class = 'bot'
GROUP BY hour
