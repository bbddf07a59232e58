-- The contents of one day's events: all but their timestamps. Only the distinct contents with the smallest hashes are
-- kept: a sample if there are many, and of the same contents on every day. All contents up to the hash `until` are here.
SELECT DISTINCT content_key,
       CASE WHEN count(*) OVER () < $sample THEN 18446744073709551615 ELSE max(content_key) OVER () END AS until
FROM (SELECT content_key FROM events ORDER BY content_key LIMIT $sample)
