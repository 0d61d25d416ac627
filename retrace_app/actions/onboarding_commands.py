"""The commands of the onboarding manifest, each of which runs as it stands in a POSIX shell with curl.

Belongs here: their texts, the scopes each needs, and what shows that it worked. Does not: what goes into a page
(`snippets.py`), or the manifest around them (`onboarding.py`).

Every value in them is an id or key of ours or a checked URL, so none needs more quoting than it has.
"""

from dataclasses import dataclass, field

from retrace_app.actions.keys import KeyInHand, TokenInHand
from retrace_app.actions.workspace import ingest_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command; with an `expect` it is a step of the verification."""

    name: str
    title: str
    text: str = field(repr=False)
    scopes: frozenset[str] = frozenset()
    expect: str = ""


_ANY_READ = frozenset({"mcp:read", "admin"})


def commands(base_url: str, key: KeyInHand, token: TokenInHand) -> dict[str, Command]:
    """Every command the token may run, by name; those with an `expect` are in the order of the verification."""
    everything = [*_verifying(base_url, key, token), *_reading(base_url, token), *_deciding(base_url, token)]
    may = frozenset(token.scopes)
    return {command.name: command for command in everything if not command.scopes or command.scopes & may}


def _verifying(base_url: str, key: KeyInHand, token: TokenInHand) -> list[Command]:
    session = f"onboarding-{key.key_id}"
    return [
        Command(
            name="health",
            title="Is the door there?",
            text=f'curl -sS --fail-with-body "{base_url}/healthz"\n',
            expect='"ok":true',
        ),
        Command(
            name="test_replay",
            title="Send a session of one event",
            text=(
                f'curl -sS --fail-with-body "{ingest_url(base_url)}" \\\n'
                f'  -H "authorization: Bearer {key.sdk_key}" -H "content-type: application/json" \\\n'
                f'  -d "{{\\"sessionId\\":\\"{session}\\",\\"sequence\\":0,\\"flushType\\":\\"final\\",'
                '\\"events\\":[{\\"type\\":5,\\"timestamp\\":$(date +%s)000,'
                '\\"data\\":{\\"tag\\":\\"onboarding\\",\\"payload\\":{}}}]}"\n'
            ),
            expect=f'"session_id":"{session}"',
        ),
        Command(
            name="process",
            title="Take in what has landed, now (`retrace up` does so by itself)",
            text=_post(token, f"{base_url}/api/replays/process", '{"limit":25}'),
            scopes=frozenset({"replay:write", "admin"}),
            expect='"jobs_processed":',
        ),
        Command(
            name="replays",
            title="List sessions",
            text=_get(base_url, token, "/api/replays"),
            scopes=_ANY_READ | {"replay:read"},
            expect=session,
        ),
    ]


def _reading(base_url: str, token: TokenInHand) -> list[Command]:
    of_issues = _ANY_READ | {"issues:read"}
    kinds = [
        ("issues", "List issues", of_issues),
        ("incidents", "List incidents", of_issues),
        ("signals", "List what the detectors found", of_issues),
        ("metrics", "Count what was taken in and found", _ANY_READ),
    ]
    return [
        Command(name=name, title=title, text=_get(base_url, token, f"/api/{name}"), scopes=scopes)
        for name, title, scopes in kinds
    ]


def _deciding(base_url: str, token: TokenInHand) -> list[Command]:
    resolve = _post(
        token,
        f"{base_url}/api/incidents/$incident/lifecycle?environment_id={token.environment_id}",
        '{"action":"resolve"}',
    )
    find = _get(base_url, token, "/api/incidents", "&limit=1").rstrip()
    return [
        Command(
            name="resolve_incident",
            title="Resolve the incident at the head of the queue",
            text=(
                f'incident=$({find} | sed -n \'s/.*"public_id":"\\(INC-[0-9A-Z]*\\)".*/\\1/p\')\n'
                'if [ -z "$incident" ]; then\n  echo "There is no incident yet."\nelse\n'
                + "".join(f"  {line}\n" for line in resolve.splitlines())
                + "fi\n"
            ),
            scopes=frozenset({"issues:write", "admin"}),
        )
    ]


def _get(base_url: str, token: TokenInHand, path: str, more: str = "") -> str:
    url = f"{base_url}{path}?environment_id={token.environment_id}{more}"
    return f'curl -sS --fail-with-body -H "authorization: Bearer {token.service_token}" \\\n  "{url}"\n'


def _post(token: TokenInHand, url: str, body: str) -> str:
    quoted = body.replace('"', '\\"')
    return (
        f'curl -sS --fail-with-body -X POST -H "authorization: Bearer {token.service_token}" \\\n'
        f'  -H "content-type: application/json" -d "{quoted}" "{url}"\n'
    )
