-- clickstream_comparable_segment_events: Events by segment of a dimension, over the complete hours of the anchor day.
-- by: segment
SELECT hour,
       dimension,
       segment,
       events AS clickstream_comparable_segment_events
FROM segments
