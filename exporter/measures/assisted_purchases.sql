-- clickstream_assisted_purchases: Purchases with an earlier session from another source, not direct, within 7 days.
-- needs: client_id, purchase, utm_source|referrer
SELECT hour,
       count(*) AS clickstream_assisted_purchases
FROM purchases
SEMI JOIN earlier_sessions AS earlier
  ON earlier.client = purchases.client
 AND earlier.started < purchases.session_started
 AND earlier.started >= purchases.ts - INTERVAL 7 DAYS
 AND earlier.source_key IS DISTINCT FROM purchases.session_source_key
GROUP BY hour
