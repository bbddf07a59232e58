-- clickstream_events: Events of the day.
SELECT hour,
       sum(events) AS clickstream_events
FROM counts
GROUP BY hour
