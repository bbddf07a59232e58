-- The sessions of one day: events of one client with gaps of at most 30 minutes, by their first event.
-- A session that spans midnight counts on both days, as in Google Analytics 4. If first events share a microsecond, one
-- with a source counts. With exclude_bots, a session whose first event is of a bot is none.
SELECT events.client,
       started,
       any_value(events.hour)                    AS hour,
       bool_and(events.is_direct)                AS is_direct,
       min(events.source_key)                    AS source_key,
       coalesce(min(channels.channel), 'Direct') AS channel
FROM half_hours
JOIN events USING (client)
LEFT JOIN channels USING (origin)
WHERE first = started
  AND events.ts = started
GROUP BY events.client, started
HAVING NOT ($exclude_bots AND bool_or(events.is_bot))
