-- clickstream_contents: Distinct events of the day, ignoring timestamps; a sample if there are many.
-- clickstream_repeated_contents: Of these, the ones that also occur on the most similar of the seven days before.
-- by: day
-- Each day keeps the contents with the smallest hashes, up to the hash `until`: two days are compared up to the smaller
-- `until`.
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
