-- The sessions of one day: events of one client with gaps of at most 30 minutes, by their first event.
-- A session that spans midnight counts on both days, as in Google Analytics 4. If first events share a microsecond, one
-- with an origin counts. With exclude_bots, a session whose first event is of a bot is none.
WITH arrivals AS (
  SELECT client,
         ts              AS started,
         min(origin_key) AS origin_key
  FROM events
  WHERE origin IS NOT NULL
    AND client IS NOT NULL
  GROUP BY client, ts
), of_bots AS (
  SELECT client,
         ts AS started
  FROM events
  WHERE $exclude_bots
    AND is_bot
)
SELECT client,
       started,
       hour,
       origin_key IS NULL          AS is_direct,
       source_key,
       coalesce(channel, 'Direct') AS channel
FROM (FROM half_hours WHERE first = started)
ANTI JOIN of_bots USING (client, started)
LEFT JOIN arrivals USING (client, started)
LEFT JOIN channels USING (origin_key)
