-- clickstream_events: Events of the day.
SELECT hour,
       count(*) AS clickstream_events
FROM events
GROUP BY hour
