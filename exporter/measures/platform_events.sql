-- clickstream_platform_events: Events by the platform that the user agent names: android, ios, windows, macos and so on.
-- needs: user_agent
SELECT hour,
       platform,
       count(*) AS clickstream_platform_events
FROM events
GROUP BY hour, platform
