-- clickstream_comparable_segment_purchases: Purchases by segment of a dimension, over the complete hours of the anchor day.
-- by: segment
-- needs: purchase
SELECT hour,
       dimension,
       segment,
       purchases AS clickstream_comparable_segment_purchases
FROM segments
WHERE purchases > 0
