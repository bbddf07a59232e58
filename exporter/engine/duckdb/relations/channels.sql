-- The channel of each origin of the day's events, by the default channel group of Google Analytics 4: its rules in its
-- order. There may be an origin for each event, so the regexes for sites run once for each source.
--   origin_key, source_key   hashes of the origin and of the source, NULL for a source that is (direct)
WITH origins AS MATERIALIZED (
  SELECT origin,
         split_part(origin, chr(31), 1)                                                     AS visit_source,
         coalesce(nullif(split_part(origin, chr(31), 2), ''), split_part(origin, chr(31), 4)) AS written_medium,
         split_part(origin, chr(31), 3)                                                     AS written_campaign
  FROM (SELECT DISTINCT origin FROM events WHERE origin IS NOT NULL)
), sites AS (
  SELECT visit_source,
         CASE
           WHEN regexp_matches(visit_source, $shopping) THEN 'shopping'
           WHEN regexp_matches(visit_source, $social)   THEN 'social'
           WHEN regexp_matches(visit_source, $video)    THEN 'video'
           WHEN regexp_matches(visit_source, $search)   THEN 'search'
           ELSE ''
         END AS site
  FROM (SELECT DISTINCT visit_source FROM origins)
), decoded AS (
  SELECT *,
         lower(coalesce(try(url_decode(replace(written_medium, '+', ' '))), written_medium))     AS medium,
         lower(coalesce(try(url_decode(replace(written_campaign, '+', ' '))), written_campaign)) AS campaign
  FROM origins
  JOIN sites USING (visit_source)
), judged AS (
  SELECT *,
         CASE WHEN contains(campaign, 'shop') THEN regexp_matches(campaign, '(^|[^a-df-z])shop|shopping') ELSE false END
           AS is_shopping,
         contains(medium, 'cp') OR medium IN ('ppc', 'retargeting') OR starts_with(medium, 'paid') AS is_paid
  FROM decoded
)
SELECT origin,
       hash(origin)                                                 AS origin_key,
       CASE WHEN visit_source <> '(direct)' THEN hash(visit_source) END AS source_key,
       CAST(CASE
         WHEN contains(campaign, 'cross-network')                                              THEN 'Cross-network'
         WHEN is_paid AND (site = 'shopping' OR is_shopping)                                   THEN 'Paid Shopping'
         WHEN is_paid AND site = 'search'                                                      THEN 'Paid Search'
         WHEN is_paid AND site = 'social'                                                      THEN 'Paid Social'
         WHEN is_paid AND site = 'video'                                                       THEN 'Paid Video'
         WHEN medium IN ('display', 'banner', 'expandable', 'interstitial', 'cpm')             THEN 'Display'
         WHEN is_paid                                                                          THEN 'Paid Other'
         WHEN site = 'shopping' OR is_shopping                                                 THEN 'Organic Shopping'
         WHEN site = 'social'
           OR medium IN ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')
                                                                                               THEN 'Organic Social'
         WHEN site = 'video' OR contains(medium, 'video')                                      THEN 'Organic Video'
         WHEN site = 'search' OR medium = 'organic'                                            THEN 'Organic Search'
         WHEN medium IN ('referral', 'app', 'link')                                            THEN 'Referral'
         WHEN visit_source IN ('email', 'e-mail', 'e_mail', 'e mail')
           OR medium IN ('email', 'e-mail', 'e_mail', 'e mail')                                THEN 'Email'
         WHEN medium = 'affiliate'                                                             THEN 'Affiliates'
         WHEN medium = 'audio'                                                                 THEN 'Audio'
         WHEN visit_source = 'sms' OR medium = 'sms'                                           THEN 'SMS'
         WHEN visit_source = 'firebase' OR suffix(medium, 'push') OR contains(medium, 'mobile')
           OR contains(medium, 'notification')                                                 THEN 'Mobile Push Notifications'
         WHEN visit_source = '(direct)' AND medium IN ('', '(none)', '(not set)')              THEN 'Direct'
         ELSE 'Unassigned'
       END AS channel) AS channel
FROM judged
