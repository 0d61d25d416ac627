-- Half the batches of an hour were sent in the future or more than a day ago: the clock of the clients, or ours, is wrong.
SELECT hour, sent_to_received_p50_ms
FROM ingest_lag
WHERE sent_to_received_p50_ms NOT BETWEEN -60_000 AND 86_400_000
