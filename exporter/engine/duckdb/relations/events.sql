-- The events of one day: the canonical columns, and what the measures need of each event.
--   ts         time in UTC                  hour        of the day, 0 to 23, in the reporting time zone
--   client     hash of the client id, NULL if that is NULL, blank or a placeholder
--   row_key    hash of the key columns, or of the event id: equal for copies of one event
--   event_key  hash of the event id, NULL if that is NULL, blank or a placeholder, or not mapped
--   source     where the visitor came from: utm_source, else the click id's network, else the external
--              referrer's host, else (direct);  source_key is its hash, NULL for (direct)
--   origin     source, medium, campaign, and the medium where none is written, which the channel depends on, parted by
--              character 31; NULL if direct. Without utm_medium, an ad's click id is cpc, and a referrer or another click
--              id without utm_source is referral;  origin_key is its hash
--   is_direct  no external referrer, no utm_* and no click id
-- Google Analytics writes (direct), (none) and (not set) for a missing campaign, others a blank, and trackers write
-- words such as "direct" or "null" for a missing referrer: a host has a dot, or follows ://.
--   schema_id  joins `missing_columns`: which mapped columns the event's file lacks
--   agent      of a purchase: its device, else its user agent
--   platform, device_class   of every event, by a few words of its user agent or by its device. Only `agent` is parsed
--              fully, because there may be millions of user agents
--   is_bot     a declared bot or AI agent, by its user agent or its device
--   content_key  hash of the event's content: all but its timestamp
--   is_foreign_currency   a purchase in another currency than the configured one: its amount is none
-- A regex costs three times as much as `contains`, and few URLs have a campaign: only those are searched. That takes a
-- CASE, because AND evaluates both sides. Two bytes are found at half the cost of three or five. Likewise, only those
-- user agents are searched for the names of bots that no cheaper search decides.
-- `regexp_extract` runs once for each value of a column, `regexp_full_match` for each row: what is wholly a placeholder is
-- what equals the part that is one.
-- Most referrers are pages of the site itself: $own_pattern finds those at a fifth of the cost of finding the host.
WITH spotted AS (
  SELECT * REPLACE (
           CASE WHEN trim(utm_source) NOT IN ('', '(direct)', '(none)', '(not set)') THEN utm_source END     AS utm_source,
           CASE WHEN trim(utm_medium) NOT IN ('', '(direct)', '(none)', '(not set)') THEN utm_medium END     AS utm_medium,
           CASE WHEN trim(utm_campaign) NOT IN ('', '(direct)', '(none)', '(not set)') THEN utm_campaign END AS utm_campaign,
           CASE WHEN regexp_extract(transaction_id, $placeholder) <> transaction_id THEN transaction_id END AS transaction_id
         ),
         CASE
           WHEN currency IS NULL                        THEN false
           WHEN list_contains($purchase, event_name)    THEN regexp_extract(currency, $own_currency) <> currency
           ELSE false
         END                                                      AS is_foreign_currency,
         contains(page_url, 'utm_')                               AS may_have_utm,
         CASE
           WHEN contains(page_url, 'd=') OR contains(page_url, 'k=')
           THEN contains(page_url, 'id=') OR contains(page_url, 'epik=')
           ELSE false
         END                                                      AS may_have_click_id,
         CASE
           WHEN CASE
             WHEN contains(user_agent, '://') OR contains(user_agent, 'Bot') OR contains(user_agent, 'rawl')
               OR contains(user_agent, 'pider') OR contains(user_agent, 'Headless') OR contains(user_agent, 'Lighthouse')
             THEN true
             WHEN contains(user_agent, 'bot') OR contains(user_agent, 'compatible')
               OR NOT starts_with(user_agent, 'Mozilla/')
             THEN regexp_matches(replace(user_agent, $not_bots, ''), $bots)
             ELSE false
           END                                                                         THEN CAST('bot' AS platform)
           WHEN contains(user_agent, 'Android')                                        THEN CAST('android' AS platform)
           WHEN contains(user_agent, 'iPhone') OR contains(user_agent, 'iPad')         THEN CAST('ios' AS platform)
           WHEN contains(user_agent, 'Windows')                                        THEN CAST('windows' AS platform)
           WHEN contains(user_agent, 'Macintosh')                                      THEN CAST('macos' AS platform)
           WHEN contains(user_agent, 'CrOS')                                           THEN CAST('chromeos' AS platform)
           WHEN contains(user_agent, 'Linux')                                          THEN CAST('linux' AS platform)
           ELSE CAST('other' AS platform)
         END                                                                           AS platform
  FROM source
), traced AS (
  SELECT * REPLACE (CASE WHEN NOT is_foreign_currency THEN revenue END AS revenue),
         CASE
           WHEN regexp_extract(referrer, $own_pattern) <> '' THEN NULL
           ELSE lower(regexp_extract(referrer, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?(?:[^/?#@]*@)?([^/:?#]+)', 1))
         END                                                                                        AS host,
         CASE WHEN may_have_click_id THEN regexp_extract(page_url, $click_pattern, 1) END           AS click_id,
         coalesce(
           utm_source,
           CASE WHEN may_have_utm THEN regexp_extract(page_url, '[?&#]utm_source=([^&#]*)', 1) END,
           ''
         )                                                                                          AS campaign,
         CASE WHEN may_have_utm THEN regexp_matches(page_url, '[?&#]utm_[a-z]+=') ELSE false END
           OR coalesce(utm_source, utm_medium, utm_campaign, '') <> ''                              AS has_utm
  FROM spotted
), judged AS (
  SELECT *,
         CASE WHEN contains(host, '.') THEN true ELSE contains(referrer, '://' || host) END
           AND host <> '' AND coalesce(regexp_extract(host, $site_pattern), '') = '' AS is_external
  FROM traced
), sourced AS (
  SELECT *,
         CASE
           WHEN campaign <> '' THEN lower(coalesce(try(url_decode(replace(campaign, '+', ' '))), campaign))
           WHEN click_id <> '' THEN $networks[list_position($click_ids, click_id)]
           WHEN is_external    THEN host
           ELSE '(direct)'
         END AS source
  FROM judged
)
SELECT *,
       CAST((epoch_us(ts) + CASE WHEN ts < make_timestamp($shift_at) THEN $offset_before ELSE $offset_after END)
            // 3600000000 % 24 AS TINYINT)                                       AS hour,
       CASE WHEN regexp_extract(client_id, $placeholder) <> client_id THEN hash(client_id) END AS client,
       coalesce(list_contains($purchase, event_name), false)                    AS is_purchase,
       coalesce(referrer, '') = ''                                              AS is_missing_referrer,
       NOT has_utm                                                              AS is_missing_utm,
       payload IS NOT NULL                                                      AS has_payload,
       payload IS NOT NULL AND NOT json_valid(payload)                          AS is_json_error,
       NOT (coalesce(is_external, false) OR has_utm OR coalesce(click_id, '') <> '') AS is_direct,
       CASE WHEN source <> '(direct)' THEN hash(source) END                     AS source_key,
       CASE
         WHEN is_external OR has_utm OR click_id <> '' THEN concat(
           source, chr(31),
           CASE WHEN has_utm THEN coalesce(utm_medium, regexp_extract(page_url, 'utm_medium=([^&#]*)', 1)) END, chr(31),
           CASE WHEN has_utm THEN coalesce(utm_campaign, regexp_extract(page_url, 'utm_campaign=([^&#]*)', 1)) END, chr(31),
           CASE
             WHEN list_contains($paid, click_id) THEN 'cpc'
             WHEN campaign <> ''                 THEN ''
             WHEN source <> '(direct)'           THEN 'referral'
             ELSE 'unknown'
           END
         )
       END                                                                      AS origin,
       hash(origin)                                                             AS origin_key,
       CASE WHEN list_contains($purchase, event_name) THEN coalesce(device, user_agent) END AS agent,
       platform,
       CASE
         WHEN device IS NOT NULL THEN CAST(
           coalesce($device_classes[list_position($device_names, lower(trim(device)))], 'other') AS device_class
         )
         WHEN platform = 'bot'                                        THEN CAST('bot' AS device_class)
         WHEN platform = 'android' AND contains(user_agent, 'Mobile') THEN CAST('mobile' AS device_class)
         WHEN platform = 'ios' AND NOT contains(user_agent, 'iPad')   THEN CAST('mobile' AS device_class)
         WHEN platform IN ('android', 'ios')                          THEN CAST('tablet' AS device_class)
         WHEN platform = 'other'                                      THEN CAST('other' AS device_class)
         ELSE CAST('desktop' AS device_class)
       END AS device_class,
       coalesce(platform = 'bot' OR device_class = 'bot', false)                AS is_bot
FROM sourced
