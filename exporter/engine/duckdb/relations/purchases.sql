-- The purchases of one day, each with its device and the session it happened in.
-- Revenue is the amount of the purchase if it is plausible, a number above zero and below 1e12, and not in a foreign
-- currency. With exclude_bots, a purchase by a bot has no client, so it is part of no session.
SELECT bought.ts,
       bought.hour,
       bought.client,
       bought.transaction_id,
       bought.dimension_1,
       bought.dimension_2,
       CASE WHEN bought.revenue > 0 AND bought.revenue < 1e12 THEN bought.revenue END AS revenue,
       coalesce(device_classes.device, 'other')                                       AS device,
       coalesce(sessions.channel, channels.channel, 'Direct')                          AS channel,
       sessions.started                                                               AS session_started,
       sessions.hour                                                                  AS session_hour,
       sessions.source_key                                                            AS session_source_key,
       bought.is_foreign_currency
FROM (
  SELECT ts,
         hour,
         CASE WHEN NOT ($exclude_bots AND is_bot) THEN client END AS client,
         transaction_id,
         dimension_1,
         dimension_2,
         revenue,
         is_foreign_currency,
         origin,
         agent
  FROM events
  WHERE is_purchase
) AS bought
LEFT JOIN half_hours ON half_hours.client = bought.client AND bought.ts BETWEEN half_hours.first AND half_hours.last
LEFT JOIN sessions ON sessions.client = bought.client AND sessions.started = half_hours.started
LEFT JOIN channels ON channels.origin = bought.origin
LEFT JOIN device_classes ON device_classes.agent = bought.agent
