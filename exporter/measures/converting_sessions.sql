-- clickstream_converting_sessions: Sessions with at least one purchase, counted in the hour in which they began.
-- needs: client_id, purchase
SELECT session_hour                                                   AS hour,
       count(DISTINCT {'client': client, 'started': session_started}) AS clickstream_converting_sessions
FROM purchases
WHERE session_started IS NOT NULL
GROUP BY session_hour
