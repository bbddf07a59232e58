-- clickstream_conflicting_events: Extra copies of an event id whose content differs from the first's.
-- needs: event_id
-- Only ids with unlike contents are searched for their distinct ones: that is next to none of the events.
WITH unlike AS (
  SELECT event_key,
         min(hour) AS hour
  FROM events
  WHERE event_key IS NOT NULL
  GROUP BY event_key
  HAVING min(content_key) < max(content_key)
), copied AS (
  SELECT any_value(unlike.hour)             AS hour,
         count(DISTINCT events.content_key) AS contents
  FROM events
  JOIN unlike USING (event_key)
  GROUP BY event_key
)
SELECT hour,
       sum(contents - 1) AS clickstream_conflicting_events
FROM copied
GROUP BY hour
