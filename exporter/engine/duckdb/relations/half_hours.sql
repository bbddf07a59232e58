-- The half hours of the clock in which a client has events, and when the session began that they belong to.
-- A gap of more than 30 minutes ends a session. No gap within a half hour can be longer, so a client's half hours are
-- compared, not its events. Some time zones are a quarter hour off: a half hour in two hours of the day is two rows.
WITH half_hours AS (
  SELECT client,
         hour,
         min(ts)  AS first,
         max(ts)  AS last,
         count(*) AS number
  FROM events
  WHERE client IS NOT NULL
  GROUP BY client, epoch_us(ts) // 1800000000, hour
), visits AS (
  SELECT *,
         first - lag(last) OVER (PARTITION BY client ORDER BY first) <= INTERVAL 30 MINUTES AS continues
  FROM half_hours
)
SELECT client,
       hour,
       first,
       last,
       number,
       max(CASE WHEN continues IS NOT TRUE THEN first END) OVER (
         PARTITION BY client ORDER BY first ROWS UNBOUNDED PRECEDING
       ) AS started
FROM visits
