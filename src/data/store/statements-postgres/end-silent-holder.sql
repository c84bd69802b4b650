-- Ends the transaction that holds the ledger's lock when its process has said nothing for two seconds in the middle of it. The server
-- ends idle transactions by itself, but not one whose last message is only half there. Rows: one for each ended.
SELECT pg_terminate_backend(activity.pid) AS ended
FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
  AND (held.classid::bigint << 32) + held.objid::bigint = ?::bigint
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND activity.usename = current_user AND activity.wait_event = 'ClientRead'
  AND activity.state_change < clock_timestamp() - interval '2 seconds'
