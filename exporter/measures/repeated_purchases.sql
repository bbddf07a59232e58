-- clickstream_repeated_purchases: Purchases whose transaction id also occurs on one of the seven days before.
-- needs: purchase, transaction_id
SELECT hour,
       count(*) AS clickstream_repeated_purchases
FROM purchases
SEMI JOIN earlier_purchases AS earlier ON earlier.transaction_key = hash(purchases.transaction_id)
WHERE purchases.transaction_id <> ''
GROUP BY hour
