-- description: How much each incident hurts: whom, how often, for how long, in which releases.
-- grain: one row an incident
-- owners: team:analysts
-- column: project_id: Project of the incident.
-- column: environment_id: Environment of the incident.
-- column: incident_id: Public id of the incident.
-- column: title: What a person reads.
-- column: status: Where it stands in its lifecycle.
-- column: severity: low, medium, high or critical.
-- column: source_kind: Source that saw it first.
-- column: detectors: Detectors that saw it.
-- column: signals: Findings of detectors.
-- column: sessions: Sessions it happened in; for incidents without signals, as its source counts them.
-- column: users: Users it happened to; a session without a user counts as one.
-- column: sessions_in_period: All sessions of the days from its first signal to its last.
-- column: session_share: Its sessions as a share of those, 0 to 1; null when it has no signals.
-- column: first_seen_at: When it was first seen.
-- column: last_seen_at: When it was last seen.
-- column: days_seen: Days on which it was seen.
-- column: days_open: Days from first seen until it was resolved, or until the latest data of its environment.
-- column: first_release: Release it was first seen in.
-- column: last_release: Release it was last seen in.
-- column: repro_status: How far its test has come.
-- column: fix_status: How far its fix has come.
-- test: unique(project_id, environment_id, incident_id)
-- test: not_null(project_id, environment_id, incident_id, status, sessions, users)
-- test: accepted(status: new, ongoing, regressed, resolved, verified, ignored, withdrawn)
-- test: accepted(severity: low, medium, high, critical)
WITH issue AS (
    SELECT
        incidents.project_id, incidents.environment_id, incidents.incident_id,
        issues.fingerprints, issues.resolved_at, issues.first_at, issues.last_at,
        issues.first_release, issues.last_release
    FROM incidents, unnest(incidents.issue_ids) AS listed (issue_id)
    JOIN issues
        ON issues.project_id = incidents.project_id
        AND issues.environment_id = incidents.environment_id
        AND issues.issue_id = listed.issue_id
),
lifetime AS (
    SELECT
        project_id, environment_id, incident_id,
        max(resolved_at) AS resolved_at,
        arg_min(first_release, first_at) AS first_release,
        arg_max(last_release, last_at) AS last_release
    FROM issue
    GROUP BY project_id, environment_id, incident_id
),
bug AS (
    SELECT DISTINCT project_id, environment_id, incident_id, unnest(fingerprints) AS fingerprint
    FROM issue
),
seen AS (
    SELECT
        bug.project_id, bug.environment_id, bug.incident_id,
        list_sort(list(DISTINCT signals.detector)) AS detectors,
        count(*) AS signals,
        count(DISTINCT signals.session_id) AS sessions,
        count(DISTINCT coalesce(signals.distinct_id, signals.session_id)) AS users,
        count(DISTINCT signals.day) AS days_seen,
        min(signals.day) AS first_day,
        max(signals.day) AS last_day
    FROM bug
    JOIN signals
        ON signals.project_id = bug.project_id
        AND signals.environment_id = bug.environment_id
        AND signals.fingerprint = bug.fingerprint
    GROUP BY bug.project_id, bug.environment_id, bug.incident_id
),
daily AS (
    SELECT project_id, environment_id, day, count(*) AS sessions, max(received_last_at) AS until
    FROM replays
    GROUP BY project_id, environment_id, day
),
latest AS (
    SELECT project_id, environment_id, max(until) AS until
    FROM daily
    GROUP BY project_id, environment_id
),
period AS (
    SELECT seen.project_id, seen.environment_id, seen.incident_id, sum(daily.sessions) AS sessions
    FROM seen
    JOIN daily
        ON daily.project_id = seen.project_id
        AND daily.environment_id = seen.environment_id
        AND daily.day BETWEEN seen.first_day AND seen.last_day
    GROUP BY seen.project_id, seen.environment_id, seen.incident_id
)
SELECT
    incidents.project_id,
    incidents.environment_id,
    incidents.incident_id,
    incidents.title,
    incidents.status,
    incidents.severity,
    incidents.source_kind,
    coalesce(seen.detectors, []) AS detectors,
    coalesce(seen.signals, 0) AS signals,
    coalesce(seen.sessions, incidents.affected_count) AS sessions,
    coalesce(seen.users, incidents.affected_users) AS users,
    CAST(period.sessions AS BIGINT) AS sessions_in_period,
    round(seen.sessions / period.sessions, 4) AS session_share,
    incidents.first_seen_at,
    incidents.last_seen_at,
    coalesce(seen.days_seen, 0) AS days_seen,
    round(
        date_diff('second', incidents.first_seen_at, coalesce(
            CASE WHEN incidents.status IN ('resolved', 'verified') THEN lifetime.resolved_at END,
            greatest(latest.until, incidents.last_seen_at)
        )) / 86400,
        2
    ) AS days_open,
    lifetime.first_release,
    lifetime.last_release,
    incidents.repro_status,
    incidents.fix_status
FROM incidents
LEFT JOIN lifetime USING (project_id, environment_id, incident_id)
LEFT JOIN seen USING (project_id, environment_id, incident_id)
LEFT JOIN period USING (project_id, environment_id, incident_id)
LEFT JOIN latest USING (project_id, environment_id)
ORDER BY incidents.project_id, incidents.environment_id, incidents.incident_id
