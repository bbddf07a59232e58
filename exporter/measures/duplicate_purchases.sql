-- clickstream_duplicate_purchases: Purchases with a transaction id, minus distinct transaction ids.
-- needs: purchase, transaction_id, orders
SELECT hour,
       sum(copies - 1) AS clickstream_duplicate_purchases
FROM (SELECT min(hour) AS hour, count(*) AS copies FROM purchases WHERE transaction_id IS NOT NULL GROUP BY transaction_id)
GROUP BY hour
