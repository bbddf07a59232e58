-- The sessions of one day: events of one client with gaps of at most 30 minutes, by their first event.
-- A session that spans midnight counts on both days, as in Google Analytics 4. No gap within one half hour of the clock
-- can be longer than 30 minutes, so a client's half hours are compared, not its events. If first events share a
-- microsecond, one with a source counts.
WITH half_hours AS (
  SELECT client,
         min(ts) AS first,
         max(ts) AS last
  FROM events
  WHERE client IS NOT NULL
  GROUP BY client, epoch_us(ts) // 1800000000
), visits AS (
  SELECT client,
         first                                                                                    AS started,
         first - lag(last) OVER (PARTITION BY client ORDER BY first) <= INTERVAL 30 MINUTES AS continues
  FROM half_hours
)
SELECT client,
       started,
       any_value(events.hour)     AS hour,
       bool_and(events.is_direct) AS is_direct,
       min(events.source_key)     AS source_key
FROM visits
JOIN events USING (client)
WHERE continues IS NOT TRUE
  AND events.ts = started
GROUP BY client, started
