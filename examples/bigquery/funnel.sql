-- The funnel of gates, by rule and day: how many candidates came to each gate, how many it refused, how many are left.
-- What never came to a gate (cancelled, superseded, a limit) and what is still held back is left out.
-- Parameters: account_id (STRING), from_day, until_day (DATE)
WITH gates AS (
  SELECT gate, position
  FROM UNNEST([
    'not_ready', 'condition_unmet', 'no_consent', 'reentry', 'feed_silent', 'flooded', 'quiet_hours', 'arbitration', 'outranked',
    'frequency_cap', 'expired', 'rollout', 'holdout', 'shadow'
  ]) AS gate WITH OFFSET AS position
),
candidates AS (
  SELECT day, rule_id, kind, number, IFNULL(position, 99) AS refused_at
  FROM rule_stats LEFT JOIN gates ON gate = reason
  WHERE account_id = @account_id AND day >= @from_day AND day < @until_day
    AND (decision = 'fired' OR (decision = 'suppressed' AND position IS NOT NULL))
)
SELECT day, rule_id, kind, gate,
  SUM(IF(refused_at >= position, number, 0)) AS came,
  SUM(IF(refused_at = position, number, 0)) AS refused,
  SUM(IF(refused_at > position, number, 0)) AS passed
FROM candidates CROSS JOIN gates
GROUP BY day, rule_id, kind, gate, position
HAVING refused > 0
ORDER BY day, rule_id, kind, position
