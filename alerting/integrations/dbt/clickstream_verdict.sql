-- Fails unless the seed that clickstream_verdict.py wrote is a PASS of the day that is being built.
SELECT *
FROM {{ ref('clickstream_verdict') }}
WHERE status <> 'PASS'
   OR cast(day AS {{ dbt.type_string() }}) <> '{{ var("clickstream_day") }}'
