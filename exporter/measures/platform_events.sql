-- clickstream_platform_events: Events by platform: android, ios, windows, macos, chromeos, linux, bot, other.
-- needs: user_agent
SELECT hour,
       platform,
       sum(events) AS clickstream_platform_events
FROM counts
GROUP BY hour, platform
