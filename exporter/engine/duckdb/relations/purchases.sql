-- The purchases of one day, each with its device and the session it happened in.
-- Revenue is the amount of the purchase if it is plausible, a number above zero and below 1e12, and not in a foreign
-- currency.
SELECT events.ts,
       events.hour,
       events.client,
       events.transaction_id,
       events.dimension_1,
       events.dimension_2,
       CASE WHEN events.revenue > 0 AND events.revenue < 1e12 THEN events.revenue END AS revenue,
       coalesce(device_classes.device, 'other')                                       AS device,
       coalesce(sessions.channel, channels.channel, 'Direct')                          AS channel,
       sessions.started                                                               AS session_started,
       sessions.hour                                                                  AS session_hour,
       sessions.source_key                                                            AS session_source_key,
       events.is_foreign_currency
FROM events
ASOF LEFT JOIN sessions ON sessions.client = events.client AND sessions.started <= events.ts
LEFT JOIN channels ON channels.origin = events.origin
LEFT JOIN device_classes ON device_classes.agent = events.agent
WHERE events.is_purchase
