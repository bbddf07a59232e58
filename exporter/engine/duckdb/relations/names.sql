-- The event names of one day by hour: `events` of each, and whether it is outside the taxonomy.
SELECT hour,
       event_name,
       is_invalid,
       count(*) AS events
FROM events
GROUP BY hour, event_name, is_invalid
