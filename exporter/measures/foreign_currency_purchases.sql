-- clickstream_foreign_currency_purchases: Purchases in another currency than the configured one.
-- needs: purchase, currency
SELECT hour,
       count(*) AS clickstream_foreign_currency_purchases
FROM purchases
WHERE is_foreign_currency
GROUP BY hour
