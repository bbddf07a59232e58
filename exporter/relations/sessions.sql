-- The sessions of one day: events of one client with gaps of at most 30 minutes, by their first event.
-- A session that spans midnight is one on each day, as Google Analytics 4 counts them. Of events at the
-- same microsecond one with a source goes first, and the key settles the rest, so that "first" is certain.
WITH visits AS (
  SELECT client,
         ts,
         hour,
         is_direct,
         source_key,
         ts - lag(ts) OVER by_client <= INTERVAL 30 MINUTES
           AND client = lag(client) OVER by_client AS continues
  FROM events
  WHERE client IS NOT NULL
  WINDOW by_client AS (ORDER BY client, ts, is_direct, source_key, row_key)
)
SELECT client,
       ts AS started,
       hour,
       is_direct,
       source_key
FROM visits
WHERE continues IS NOT TRUE
