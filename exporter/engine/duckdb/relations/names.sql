-- The event names of one day by hour: `events` of each, and whether it is outside the taxonomy.
SELECT hour,
       event_name,
       event_name IS NULL OR event_name NOT IN (SELECT unnest(CAST($taxonomy AS VARCHAR[]))) AS is_invalid,
       events
FROM (SELECT hour, event_name, sum(events) AS events FROM counts GROUP BY hour, event_name)
