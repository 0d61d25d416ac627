-- An incident cannot have happened in more sessions than there were: one that does counts sessions that were pruned.
SELECT incident_id, sessions, sessions_in_period
FROM incident_impact
WHERE session_share > 1
