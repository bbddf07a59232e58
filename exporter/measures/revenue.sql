-- clickstream_revenue: Revenue of the day's purchases, in the currency of the data.
-- clickstream_purchases_without_revenue: Purchases whose revenue is NULL, not a number, not above zero, or 1e12 and more.
-- needs: purchase, revenue
SELECT hour,
       coalesce(sum(revenue), 0)                                       AS clickstream_revenue,
       count(*) FILTER (WHERE revenue IS NULL AND NOT is_foreign_currency) AS clickstream_purchases_without_revenue
FROM purchases
GROUP BY hour
