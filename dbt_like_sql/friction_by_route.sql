-- description: Where people struggle: clicks, rage clicks, errors and failed requests of each page, day by day.
-- grain: one row a UTC day and route template
-- owners: team:analysts
-- column: project_id: Project of the sessions.
-- column: environment_id: Environment of the sessions.
-- column: day: UTC day of the sessions.
-- column: route: Route template of the page: its path with ids as :id.
-- column: sessions: Sessions that were on the page.
-- column: clicks: Clicks.
-- column: rage_clicks: Rage clicks, as the detector found them.
-- column: errors: Console errors and exceptions.
-- column: requests: Requests the page made.
-- column: failed_requests: Requests that failed or answered 400 or more.
-- column: signals: Findings of all detectors.
-- column: friction_sessions: Sessions with an error, a failed request or a finding on the page.
-- column: friction_share: Those as a share of the sessions on the page, 0 to 1.
-- test: unique(project_id, environment_id, day, route)
-- test: not_null(project_id, environment_id, day, route, sessions, friction_share)
WITH happened AS (
    SELECT
        event.project_id, event.environment_id, event.day, event.route, event.session_id,
        count(*) FILTER (event.kind = 'click') AS clicks,
        count(*) FILTER (
            event.kind = 'exception' OR (event.kind = 'console' AND event.level IN ('error', 'assert'))
        ) AS errors,
        count(*) FILTER (event.kind = 'network') AS requests,
        count(*) FILTER (event.kind = 'network' AND (event.status >= 400 OR event.status = 0)) AS failed_requests
    FROM replay_events AS event
    WHERE event.route IS NOT NULL
    GROUP BY event.project_id, event.environment_id, event.day, event.route, event.session_id
),
found AS (
    SELECT
        signal.project_id, signal.environment_id, signal.day, signal.route, signal.session_id,
        count(*) AS signals,
        count(*) FILTER (signal.detector = 'rage_click') AS rage_clicks
    FROM signals AS signal
    GROUP BY signal.project_id, signal.environment_id, signal.day, signal.route, signal.session_id
),
visit AS (
    SELECT
        happened.*,
        coalesce(found.signals, 0) AS signals,
        coalesce(found.rage_clicks, 0) AS rage_clicks,
        happened.errors + happened.failed_requests + coalesce(found.signals, 0) > 0 AS has_friction
    FROM happened
    LEFT JOIN found USING (project_id, environment_id, day, route, session_id)
)
SELECT
    project_id,
    environment_id,
    day,
    route,
    count(*) AS sessions,
    CAST(sum(clicks) AS BIGINT) AS clicks,
    CAST(sum(rage_clicks) AS BIGINT) AS rage_clicks,
    CAST(sum(errors) AS BIGINT) AS errors,
    CAST(sum(requests) AS BIGINT) AS requests,
    CAST(sum(failed_requests) AS BIGINT) AS failed_requests,
    CAST(sum(signals) AS BIGINT) AS signals,
    count(*) FILTER (has_friction) AS friction_sessions,
    round(count(*) FILTER (has_friction) / count(*), 4) AS friction_share
FROM visit
GROUP BY project_id, environment_id, day, route
ORDER BY project_id, environment_id, day, route
