-- The purchases of one day where each row is a line of an order: `lines` are the rows, as `purchases.sql` has them.
-- The lines of a transaction id are one purchase, with the time, session, device and dimensions of the first line, and
-- with the sum of the amounts. A line without an id is a purchase of its own. Of lines at the same time, the least in
-- all columns is the first, because rows of files have no order.
SELECT line.ts,
       line.hour,
       line.client,
       transaction_id,
       line.dimension_1,
       line.dimension_2,
       revenue,
       line.device,
       line.channel,
       line.session_started,
       line.session_hour,
       line.session_source_key,
       is_foreign_currency
FROM (
  SELECT transaction_id,
         sum(revenue)                  AS revenue,
         bool_and(is_foreign_currency) AS is_foreign_currency,
         min({
           'ts': ts, 'hour': hour, 'client': client, 'device': device, 'channel': CAST(channel AS VARCHAR),
           'dimension_1': dimension_1, 'dimension_2': dimension_2, 'session_started': session_started,
           'session_hour': session_hour, 'session_source_key': session_source_key
         })                            AS line
  FROM lines
  WHERE transaction_id IS NOT NULL
  GROUP BY transaction_id
)
UNION ALL
SELECT ts,
       hour,
       client,
       transaction_id,
       dimension_1,
       dimension_2,
       revenue,
       device,
       CAST(channel AS VARCHAR) AS channel,
       session_started,
       session_hour,
       session_source_key,
       is_foreign_currency
FROM lines
WHERE transaction_id IS NULL
