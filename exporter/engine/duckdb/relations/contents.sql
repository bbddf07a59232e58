-- What the events of one day say but for when: the distinct contents with the least hashes, a sample where there are
-- many, which is the same on every day. All contents up to the hash `until` are there.
SELECT DISTINCT content_key,
       CASE WHEN count(*) OVER () < $sample THEN 18446744073709551615 ELSE max(content_key) OVER () END AS until
FROM (SELECT content_key FROM events ORDER BY content_key LIMIT $sample)
