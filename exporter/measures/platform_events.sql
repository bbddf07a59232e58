-- clickstream_platform_events: Events by platform: android, ios, windows, macos, chromeos, linux, bot, other.
-- needs: user_agent
SELECT hour,
       platform,
       count(*) AS clickstream_platform_events
FROM events
GROUP BY hour, platform
