-- The events, purchases and revenue of one day by hour and by segment: a device, a channel, or a value of a dimension that
-- the configuration adds. An event belongs to the channel of its session, or, without a client, to its own; the sessions
-- that exclude_bots leaves out have none.
-- Of a dimension of the configuration, a value that may identify a person is part of `other`, and so are all but the most
-- frequent values.
WITH of_events AS (
  SELECT hour,
         CASE grouping(device_class, dimension_1, dimension_2)
           WHEN 3 THEN 'device'
           WHEN 5 THEN 'dimension_1'
           ELSE 'dimension_2'
         END                                                              AS "column",
         coalesce(CAST(device_class AS VARCHAR), dimension_1, dimension_2) AS value,
         sum(number)                                                      AS events
  FROM (SELECT hour, device_class, dimension_1, dimension_2, count(*) AS number FROM events GROUP BY ALL)
  GROUP BY GROUPING SETS ((hour, device_class), (hour, dimension_1), (hour, dimension_2))
  UNION ALL
  SELECT half_hours.hour, 'channel', CAST(coalesce(channel, 'Unassigned') AS VARCHAR), sum(number)
  FROM half_hours
  LEFT JOIN sessions USING (client, started)
  GROUP BY half_hours.hour, channel
  UNION ALL
  SELECT hour, 'channel', CAST(coalesce(channel, 'Direct') AS VARCHAR), count(*)
  FROM events
  LEFT JOIN channels USING (origin)
  WHERE client IS NULL
  GROUP BY hour, channel
), of_purchases AS (
  SELECT hour,
         CASE grouping(device, channel, dimension_1, dimension_2)
           WHEN 7  THEN 'device'
           WHEN 11 THEN 'channel'
           WHEN 13 THEN 'dimension_1'
           ELSE 'dimension_2'
         END                                                                  AS "column",
         coalesce(device, CAST(channel AS VARCHAR), dimension_1, dimension_2) AS value,
         count(*)                                                             AS purchases,
         coalesce(sum(revenue), 0)                                            AS revenue
  FROM purchases
  GROUP BY GROUPING SETS ((hour, device), (hour, channel), (hour, dimension_1), (hour, dimension_2))
), named AS MATERIALIZED (
  SELECT hour,
         dimension,
         CASE
           WHEN "column" NOT LIKE 'dimension%'         THEN value
           WHEN trim(coalesce(value, '')) = ''         THEN '(none)'
           WHEN regexp_matches(value, $personal)       THEN 'other'
           ELSE left(trim(value), $longest)
         END AS segment,
         events,
         purchases,
         revenue
  FROM (
    SELECT hour, "column", value, events, NULL AS purchases, NULL AS revenue FROM of_events
    UNION ALL
    SELECT hour, "column", value, NULL AS events, purchases, revenue FROM of_purchases
  )
  JOIN dimensions USING ("column")
), placed AS (
  SELECT dimension,
         segment,
         row_number() OVER (PARTITION BY dimension ORDER BY coalesce(sum(events), 0) DESC, segment) AS place
  FROM named
  GROUP BY dimension, segment
)
SELECT hour,
       dimension,
       CASE WHEN place <= $most THEN segment ELSE 'other' END AS segment,
       coalesce(sum(events), 0)                               AS events,
       coalesce(sum(purchases), 0)                            AS purchases,
       coalesce(sum(revenue), 0)                              AS revenue
FROM named
JOIN placed USING (dimension, segment)
GROUP BY ALL
