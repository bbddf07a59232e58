-- clickstream_repeated_purchases: Purchases with a transaction id that one of the seven days before has, too.
-- needs: purchase, transaction_id
SELECT hour,
       count(*) AS clickstream_repeated_purchases
FROM purchases
SEMI JOIN earlier_purchases AS earlier ON earlier.transaction_key = hash(purchases.transaction_id)
WHERE purchases.transaction_id <> ''
GROUP BY hour
