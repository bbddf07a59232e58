-- clickstream_missing_column_events: Events in files that lack a mapped column.
SELECT hour,
       "column",
       count(*) AS clickstream_missing_column_events
FROM events
JOIN missing_columns USING (schema_id)
GROUP BY hour, "column"
