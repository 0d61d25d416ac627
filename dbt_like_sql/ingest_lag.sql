-- description: How fresh the data is: what came in each hour and how long it had been on its way.
-- grain: one row an hour in which batches were received
-- owners: team:analysts
-- column: project_id: Project that sent.
-- column: environment_id: Environment that sent.
-- column: hour: Start of the UTC hour in which the batches were received.
-- column: batches: Batches received.
-- column: sessions: Sessions they belong to.
-- column: events: Events kept of them.
-- column: bytes: Their JSON, before redaction.
-- column: sent_to_received_p50_ms: Median from the client's sending to our receiving, by the client's own clock:
--   a clock that is wrong counts as lag.
-- column: sent_to_received_p95_ms: The same, exceeded by one batch in twenty.
-- column: event_to_received_p50_ms: Median from a batch's latest event to our receiving, on our clock.
-- column: event_to_received_p95_ms: The same, exceeded by one batch in twenty.
-- test: unique(project_id, environment_id, hour)
-- test: not_null(project_id, environment_id, hour, batches, bytes)
SELECT
    project_id,
    environment_id,
    date_trunc('hour', received_at) AS hour,
    count(*) AS batches,
    count(DISTINCT session_id) AS sessions,
    CAST(sum(event_count) AS BIGINT) AS events,
    CAST(sum(raw_bytes) AS BIGINT) AS bytes,
    CAST(quantile_cont(date_diff('ms', sent_at, received_at), 0.5) AS BIGINT) AS sent_to_received_p50_ms,
    CAST(quantile_cont(date_diff('ms', sent_at, received_at), 0.95) AS BIGINT) AS sent_to_received_p95_ms,
    CAST(quantile_cont(date_diff('ms', last_at, received_at), 0.5) AS BIGINT) AS event_to_received_p50_ms,
    CAST(quantile_cont(date_diff('ms', last_at, received_at), 0.95) AS BIGINT) AS event_to_received_p95_ms
FROM replay_batches
GROUP BY project_id, environment_id, hour
ORDER BY project_id, environment_id, hour
