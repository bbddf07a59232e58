-- clickstream_contents: Distinct events of the day but for their timestamps; where there are many, a sample of them.
-- clickstream_repeated_contents: Those of them that are also on the one of the seven days before that has most of them.
-- by: day
-- Each day keeps the contents with the least hashes, up to the hash `until`: two days are compared up to the lesser.
WITH days AS (
  SELECT day,
         least(any_value(until), (SELECT any_value(until) FROM contents)) AS until
  FROM earlier_contents
  GROUP BY day
), compared AS (
  SELECT days.day,
         count(*)                            AS clickstream_contents,
         count(earlier_contents.content_key) AS clickstream_repeated_contents
  FROM days
  JOIN contents ON contents.content_key <= days.until
  LEFT JOIN earlier_contents ON earlier_contents.day = days.day
    AND earlier_contents.content_key = contents.content_key
  GROUP BY days.day
)
SELECT clickstream_contents,
       clickstream_repeated_contents
FROM compared
ORDER BY clickstream_repeated_contents / clickstream_contents DESC, day
LIMIT 1
