-- clickstream_identified_purchases: Purchases with a client id.
-- clickstream_assisted_purchases: Purchases that an earlier session from another, non-direct source went before, within 7 days.
-- needs: client_id, purchase, page_url|utm_source|referrer
WITH assisted AS (
  SELECT DISTINCT purchases.purchase
  FROM purchases
  JOIN earlier_sessions AS earlier
    ON earlier.client = purchases.client
   AND earlier.started < purchases.session_started
   AND earlier.started >= purchases.ts - INTERVAL 7 DAYS
   AND earlier.source <> purchases.session_source
)
SELECT hour,
       count(*)                 AS clickstream_identified_purchases,
       count(assisted.purchase) AS clickstream_assisted_purchases
FROM purchases
LEFT JOIN assisted USING (purchase)
WHERE client IS NOT NULL
GROUP BY hour
