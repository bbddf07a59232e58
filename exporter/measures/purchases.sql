-- clickstream_purchases: Purchases of the day.
-- needs: purchase
SELECT hour,
       count(*) AS clickstream_purchases
FROM purchases
GROUP BY hour
