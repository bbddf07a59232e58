-- clickstream_comparable_segment_revenue: Revenue by segment of a dimension, over the complete hours of the anchor day.
-- by: segment
-- needs: purchase, revenue
SELECT hour,
       dimension,
       segment,
       revenue AS clickstream_comparable_segment_revenue
FROM segments
WHERE revenue <> 0
