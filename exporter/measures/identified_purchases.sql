-- clickstream_identified_purchases: Purchases with a client id.
-- needs: client_id, purchase
SELECT hour,
       count(*) AS clickstream_identified_purchases
FROM purchases
WHERE client IS NOT NULL
GROUP BY hour
