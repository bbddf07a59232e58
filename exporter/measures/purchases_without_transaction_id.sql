-- clickstream_purchases_without_transaction_id: Purchases whose transaction id is NULL, blank or a placeholder.
-- needs: purchase, transaction_id
SELECT hour,
       count(*) AS clickstream_purchases_without_transaction_id
FROM purchases
WHERE transaction_id IS NULL
GROUP BY hour
