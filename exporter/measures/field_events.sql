-- clickstream_field_events: Events that should carry the watched field, by their names.
-- clickstream_filled_field_events: Of these, the events whose field has a value: not NULL, blank or a placeholder.
SELECT hour,
       field,
       events AS clickstream_field_events,
       filled AS clickstream_filled_field_events
FROM watched_fields
