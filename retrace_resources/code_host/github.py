"""Pull requests over GitHub's REST API, with a person's token.

Belongs here: which requests are made, which of them may be made again, and what the answers mean. Does not: pushing
(fix_branch), or the `gh` program (gh). Reference: https://docs.github.com/rest/pulls/pulls.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, Retrying, stop_after_attempt

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.pull_request import Proposal, PullRequest, State
from retrace_resources.code_host.refusals import refused, said

# From 2026-03-10 on a pull request no longer says as which commit it was merged.
API_VERSION: Final = "2022-11-28"

NO_DRAFTS: Final = "opened ready for review: this repository has no draft pull requests"

_SECONDS: Final = 30.0
_TRIES: Final = 3
_PAUSE_SECONDS: Final = 2.0
# GitHub asks for a minute where it names no time; who is told to wait longer comes back another time.
_LIMITED_SECONDS: Final = 60.0
_MOST_SECONDS: Final = 90.0
_PASSING: Final = frozenset({500, 502, 503, 504})
_SAME_TWICE: Final = frozenset({"GET", "PATCH"})
_DRAFTS = re.compile(r"draft pull requests are not supported", re.IGNORECASE)
_EXISTS = re.compile(r"pull request already exists", re.IGNORECASE)
_HINTS: Final = {
    401: "the token is wrong or has expired: make one with the scope `repo`",
    403: 'the token needs the scope `repo`, or of a fine-grained one "Pull requests: write"; it may need SSO',
    404: "look at the name, and whether the token may see this repository (scope `repo`)",
    422: "see whether both branches are on GitHub and differ",
}


class Github:
    """The pull requests of `owner/name`; `base_url` of an Enterprise server ends with /api/v3.

    Where the repository has moved its new name is used, and told in the note of every pull request.
    """

    name = "github"

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        base_url: str = "https://api.github.com",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask nothing yet; `sleep` waits between tries. Raises `code_host_refused` for what can be no token."""
        self._asked_for = repository
        self._found = ""
        self._token = token.strip()
        if not re.fullmatch(r"[!-~]+", self._token):
            raise refused("the token for GitHub is empty or holds characters that no token has", "copy it again")
        self._base_url = base_url.rstrip("/")
        self._sleep = sleep

    def find(self, branch: str) -> PullRequest | None:
        """The latest pull request of a branch of this repository, whatever its state; never one of a fork."""
        name = self._repository()
        head = f"{name.partition('/')[0]}:{branch}"
        query = {"head": head, "state": "all", "sort": "created", "direction": "desc", "per_page": "10"}
        listed = self._ask("GET", "/pulls", params=query)
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self._strange("GET", "/pulls")
        # A filter GitHub cannot read is no filter at all: it would list the pull requests of strangers.
        ours = (each for each in listed if _is_of(each, name, branch))
        return next((self._read(each) for each in ours), None)

    def open(self, proposal: Proposal) -> PullRequest:
        """Open one; where one is open already it is updated."""
        body = {"title": proposal.title, "body": proposal.body, "head": proposal.branch, "base": proposal.base}
        try:
            return self._read(self._ask("POST", "/pulls", json={**body, "draft": proposal.draft}))
        except _RefusedError as refusal:
            if refusal.status == 422 and proposal.draft and _DRAFTS.search(refusal.message):
                return self._read(self._ask("POST", "/pulls", json={**body, "draft": False}), NO_DRAFTS)
            may_be_open = refusal.status in {0, *_PASSING} or _EXISTS.search(refusal.message)
            found = self.find(proposal.branch) if may_be_open else None
            if found is None or found.state != "open":
                raise
            return self.update(found, proposal)

    def update(self, pull_request: PullRequest, proposal: Proposal) -> PullRequest:
        """Say the title and body anew. Draft or ready, open or closed stay as people left them."""
        words = {"title": proposal.title, "body": proposal.body}
        return self._read(self._ask("PATCH", f"/pulls/{pull_request.number}", json=words))

    def _repository(self) -> str:
        """The name it has now: a request under an old one would be sent on, but its `head` names the old owner."""
        if not self._found:
            described = self._ask("GET", "")
            self._found = str(described.get("full_name", "")) if isinstance(described, dict) else ""
            if not self._found:
                raise self._strange("GET", "")
        return self._found

    def _read(self, described: object, note: str = "") -> PullRequest:
        try:
            return _pull_request(cast(Mapping[str, Any], described), note or self._moved())
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._strange("", "/pulls") from None

    def _moved(self) -> str:
        if self._found.lower() in {"", self._asked_for.lower()}:
            return ""
        return f"{self._asked_for} is called {self._found} now: change the remote with git remote set-url"

    def _ask(self, method: str, path: str, **content: Any) -> object:
        """The answer to one request under the repository; raises `_RefusedError`."""
        name = self._asked_for if method == "GET" and not path else self._repository()
        address = f"/repos/{quote(name)}{path}"
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(_TRIES),
            wait=_wait,
            retry=_is_worth_another,
            retry_error_callback=lambda state: cast("Any", state.outcome).result(),
        )
        try:
            answer: httpx.Response = retrying(self._send, method, address, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = said(str(error) or type(error).__name__, [self._token])
            detail = f"{self._base_url} does not answer: {reason}"
            raise _RefusedError(0, reason, detail, "look at the network") from None
        if answer.is_success:
            return _json(answer)
        raise self._refusal(method, address, answer)

    def _send(self, method: str, address: str, **content: Any) -> httpx.Response:
        headers = {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {self._token}",
            "x-github-api-version": API_VERSION,
        }
        # Only what reads is sent on to another address; httpx takes the token off where that is another host.
        follow = method == "GET"
        with httpx.Client(headers=headers, timeout=_SECONDS, follow_redirects=follow) as client:
            return client.request(method, self._base_url + address, **content)

    def _refusal(self, method: str, address: str, answer: httpx.Response) -> "_RefusedError":
        message = said(_message(answer), [self._token])
        hint = _HINTS.get(answer.status_code, "try again later, or open the pull request by hand")
        if (seconds := _limited_for(answer)) is not None:
            again = datetime.fromtimestamp(time.time() + seconds, UTC)
            hint = f"GitHub lets this token ask again at {again:%H:%M:%S} UTC"
        detail = f"GitHub answered {answer.status_code} to {method} {address}: {message}"
        return _RefusedError(answer.status_code, message, detail, hint)

    def _strange(self, method: str, path: str) -> RetraceError:
        what = f"{method} {self._asked_for}{path}".strip()
        return refused(f"{self._base_url} answered {what} with something else than GitHub does", "look at base_url")


class _RefusedError(RetraceError):
    """A refusal that still knows GitHub's status, 0 without an answer, and its message."""

    def __init__(self, status: int, message: str, detail: str, hint: str) -> None:
        super().__init__(ErrorCode.CODE_HOST_REFUSED, detail, hint)
        self.status = status
        self.message = message


def _pull_request(described: Mapping[str, Any], note: str) -> PullRequest:
    """A pull request of a list has no `merged`, and an open one has the commit of a trial merge."""
    is_merged = bool(described.get("merged_at"))
    state: State = "merged" if is_merged else "open" if described["state"] == "open" else "closed"
    merge_sha = str(described.get("merge_commit_sha") or "") if is_merged else ""
    url, number, head = str(described["html_url"]), int(described["number"]), str(described["head"]["sha"])
    return PullRequest(url, number, state, head, merge_sha, note)


def _is_of(described: Mapping[str, Any], repository: str, branch: str) -> bool:
    head = described.get("head") or {}
    # A fork that was deleted has no repository any more.
    name = str((head.get("repo") or {}).get("full_name", ""))
    return head.get("ref") == branch and name.lower() == repository.lower()


def _is_worth_another(state: RetryCallState) -> bool:
    """Whether to ask again: where GitHub did nothing, or where doing it twice is as doing it once."""
    outcome = cast("Any", state.outcome)
    is_same_twice = state.args[0] in _SAME_TWICE
    if outcome.failed:
        error = outcome.exception()
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return True
        return is_same_twice and isinstance(error, httpx.NetworkError | httpx.TimeoutException | httpx.ProtocolError)
    answer: httpx.Response = outcome.result()
    if (seconds := _limited_for(answer)) is not None:
        return seconds <= _MOST_SECONDS
    return is_same_twice and answer.status_code in _PASSING


def _wait(state: RetryCallState) -> float:
    outcome = cast("Any", state.outcome)
    limited = None if outcome.failed else _limited_for(outcome.result())
    return limited if limited is not None else _PAUSE_SECONDS * state.attempt_number


def _limited_for(answer: httpx.Response) -> float | None:
    """For how many seconds this token may ask no more; None where that is not why it was refused.

    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if answer.status_code not in {403, 429}:
        return None
    headers = answer.headers
    if (after := headers.get("retry-after", "")).isdigit():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and (reset := headers.get("x-ratelimit-reset", "")).isdigit():
        return max(0.0, float(reset) - time.time())
    is_limited = answer.status_code == 429 or "rate limit" in _message(answer).lower()
    return _LIMITED_SECONDS if is_limited else None


def _message(answer: httpx.Response) -> str:
    """What GitHub says, with what it says of each field."""
    described = _json(answer)
    if not isinstance(described, dict):
        return answer.reason_phrase
    errors = described.get("errors")
    parts = [described.get("message"), *(map(_error, errors) if isinstance(errors, list) else [])]
    return "; ".join(str(part) for part in parts if part)


def _error(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or " ".join(str(error.get(name, "")) for name in ("field", "code")).strip())


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None
