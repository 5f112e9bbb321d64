-- Why a contact did not get what it should have: what became of every candidate, and which events came too late.
-- No row at all: no candidate came about. `kittiwake explain --input bq://… --contact …` says what it would have taken.
-- Parameters: account_id, contact_id (STRING), from_time, until_time (TIMESTAMP)
SELECT time, rule_id AS what, decision, reason, IF(stale, 'sent too late, so not sent', NULL) AS remark, trigger_id AS id
FROM decisions_latest
WHERE account_id = @account_id AND contact_id = @contact_id AND time >= @from_time AND time < @until_time
UNION ALL
SELECT time, type AS what, 'late_event' AS decision, 'too_late' AS reason,
  CONCAT('evaluated until ', FORMAT_TIMESTAMP('%FT%TZ', settled_until)) AS remark, event_id AS id
FROM late_events_latest
WHERE account_id = @account_id AND contact_id = @contact_id AND time >= @from_time AND time < @until_time
ORDER BY time, what, id
