"""Running API tests: requests are sent in order, and their answers held against what is expected.

Belongs here: sending, judging, and the record of a run. Does not: the shape of a spec (retrace_core.api_spec), or which
app runs where (tester).
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx
import jsonschema
import msgspec

from retrace_core.api_spec import ApiSpec, ApiStep, JsonAssertion
from retrace_core.api_spec_file import api_spec_hash
from retrace_core.spec_file import fill_placeholders
from retrace_core.test_run import AssertionResult, FailureClass, Reason, StepResult, TestRun, Verdict
from retrace_resources.engine.artifacts import Folder
from retrace_resources.engine.files import file_content
from retrace_resources.engine.hosts import is_own
from retrace_resources.engine.options import RunOptions
from retrace_resources.engine.stopped import Stopped

# Of an answer beyond this nothing is asserted; a stream without end is cut here.
_MOST_BYTES: Final = 1_000_000
_MOST_REDIRECTS: Final = 5
_CLASSES: Final[Mapping[Reason, FailureClass]] = {
    "app_down": "environment",
    "missing_input": "test_data",
    "login_failed": "auth",
    "wrong_start_state": "auth",
    "broken_step": "step",
    "timed_out": "timeout",
}
_TRANSIENT: Final = frozenset(("app_down", "timed_out"))
_UNAUTHORISED: Final = (401, 403)


def run_api(spec: ApiSpec, options: RunOptions, run_id: str, folder: Path) -> TestRun:
    """Run an API test, again as often as `retries` says while what stopped it may go away by itself.

    Leaves its exchanges, without what looks like a secret, and `run.json` in `folder`. Never raises for what an app
    does.
    """
    began = time.monotonic()
    started_at = datetime.now(UTC)
    attempts: list[_Attempt] = []
    while not attempts or (len(attempts) <= options.retries and attempts[-1].reason in _TRANSIENT):
        attempts.append(_Attempt(spec, options))
        attempts[-1].go()
    last = attempts[-1]
    run = TestRun(
        run_id=run_id,
        spec_id=spec.spec_id,
        spec_sha256=api_spec_hash(spec),
        session_id=spec.source.session_id,
        incident_id=spec.source.incident_id,
        build=options.build,
        app_url=last.app_url,
        browser="",
        verdict=last.verdict,
        reason=last.reason,
        detail=last.detail,
        failure_class=_CLASSES.get(last.reason, "") if last.reason else "app_bug" if last.red else "",
        attempts=len(attempts),
        flaky=len({attempt.verdict for attempt in attempts}) > 1,
        started_at=started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        duration_ms=round((time.monotonic() - began) * 1000, 1),
        steps=tuple(last.steps),
        assertions=tuple(last.results),
    )
    kept = Folder(folder, last.secrets)
    kept.exchanges(last.exchanges)
    return kept.finish(run)


@dataclass(frozen=True)
class _Answer:
    """An answer as far as it was read; `body` is its JSON, UNSET where it is none."""

    status: int
    headers: httpx.Headers
    took_ms: float
    body: Any
    cut: bool


@dataclass
class _Attempt:
    """One try: how far it came and what it showed."""

    spec: ApiSpec
    options: RunOptions
    values: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    steps: list[StepResult] = field(default_factory=list)
    results: list[AssertionResult] = field(default_factory=list)
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    reason: Reason | None = None
    detail: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def app_url(self) -> str:
        """Where the app runs."""
        return self.options.app_url or self.spec.app_url

    @property
    def red(self) -> bool:
        """Whether something that must hold does not."""
        return self.reason is None and any(result.ok is False for result in self.results)

    @property
    def verdict(self) -> Verdict:
        """What the try says."""
        return "inconclusive" if self.reason else "reproduced" if self.red else "not_reproduced"

    def go(self) -> None:
        """Send everything; what was set up is torn down whatever comes between."""
        timeout = httpx.Timeout(self.spec.timeout_seconds)
        with httpx.Client(timeout=timeout, trust_env=False, verify=False, follow_redirects=False) as client:  # noqa: S501
            try:
                self._read_inputs()
                for step in self.spec.setup_steps:
                    answer = self._send(client, step)
                    if broken := next((each for each in _judged(step, answer) if not each.ok), None):
                        raise Stopped("broken_step", f"{step.id}: {broken.expected}: {broken.observed}")
                for step in self.spec.steps:
                    self._judge(step, self._send(client, step))
                    if self.red:
                        break
            except Stopped as stopped:
                self.reason, self.detail = stopped.reason, stopped.detail
            if self.red:
                broken = next(result for result in self.results if result.ok is False)
                self.detail = f"{broken.expected}: {broken.observed}"
            for step in self.spec.teardown_steps:
                with suppress(Stopped):
                    self._send(client, step)

    def _read_inputs(self) -> None:
        for name, wanted in self.spec.inputs.items():
            value = self.options.values.get(wanted.env, "") or wanted.example
            if not value:
                raise Stopped("missing_input", f"set {wanted.env or name} ({wanted.kind})")
            self.values[name] = value
            if wanted.kind in ("password", "secret", "code"):
                self.secrets.append(value)

    def _judge(self, step: ApiStep, answer: _Answer) -> None:
        status = answer.status
        is_other = step.failed_with and status >= 400 and status // 100 != step.failed_with // 100
        if step.failed_with not in _UNAUTHORISED and status in _UNAUTHORISED and (is_other or step.failed_with):
            raise Stopped("login_failed", f"{step.id} was answered {status}, not {step.failed_with} as recorded")
        if is_other:
            raise Stopped("wrong_start_state", f"{step.id} was answered {status}, not {step.failed_with} as recorded")
        self.results += _judged(step, answer)

    def _send(self, client: httpx.Client, step: ApiStep) -> _Answer:
        started_ms = (time.monotonic() - self.began) * 1000
        error, url = "", ""
        try:
            url = urljoin(self.app_url.rstrip("/") + "/", self._filled(step.url))
            answer = self._exchange(client, step, url)
            for each in step.extract:
                found = answer.headers.get(each.path) if each.source == "header" else _at(answer.body, each.path)
                if found is None or found is msgspec.UNSET:
                    raise Stopped("broken_step", f"{step.id}: the answer has no {each.path}")
                self.values[each.name] = found if isinstance(found, str) else json.dumps(found)
        except Stopped as stopped:
            error = stopped.detail
            raise
        finally:
            took = (time.monotonic() - self.began) * 1000 - started_ms
            done = StepResult(step.id, step.method, not error, round(started_ms, 1), round(took, 1), url, error)
            self.steps.append(done)
        return answer

    def _exchange(self, client: httpx.Client, step: ApiStep, url: str) -> _Answer:
        method, content = step.method, self._content(step)
        headers = {name: self._filled(value) for name, value in step.headers.items()}
        query: dict[str, str] | None = {name: self._filled(value) for name, value in step.query.items()} or None
        own = self._authorisation(step)
        until = time.monotonic() + self.spec.timeout_seconds
        for _ in range(_MOST_REDIRECTS + 1):
            # Who somebody is goes to the app alone, also when it sends us elsewhere.
            sent = {**headers, **(own if is_own(url, self.app_url) else {})}
            answer, where = self._once(client, method, url, sent, query, content, until)
            if where is None or not is_own(where, self.app_url):
                return answer
            url, query = where, None
            if answer.status not in (307, 308):
                method, content = "GET", {}
        raise Stopped("broken_step", f"{step.id}: more than {_MOST_REDIRECTS} redirects")

    def _once(  # noqa: PLR0917 - one request
        self,
        client: httpx.Client,
        method: str,
        url: str,
        headers: dict[str, str],
        query: dict[str, str] | None,
        content: dict[str, Any],
        until: float,
    ) -> tuple[_Answer, str | None]:
        started = time.monotonic()
        body, cut = bytearray(), False
        try:
            with client.stream(method, url, params=query, headers=headers, **content) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if cut := len(body) > _MOST_BYTES or time.monotonic() > until:
                        break
        except httpx.TimeoutException:
            raise Stopped("timed_out", f"{method} {url}: no answer in {self.spec.timeout_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Stopped("app_down", f"{method} {url}: {error}") from None
        took_ms = (time.monotonic() - started) * 1000
        answer = _Answer(response.status_code, response.headers, took_ms, msgspec.UNSET if cut else _json(body), cut)
        self.exchanges.append(
            {
                "request": {"method": method, "url": str(response.request.url), "headers": sorted(headers)},
                "response": {"status": answer.status, "took_ms": round(took_ms, 1), "bytes": len(body), "cut": cut},
            }
        )
        where = response.headers.get("location") if response.is_redirect else None
        return answer, urljoin(url, where) if where else None

    def _content(self, step: ApiStep) -> dict[str, Any]:
        if step.body is not msgspec.UNSET:
            body = self._filled_in(step.body)
            return {"content": body.encode()} if isinstance(body, str) else {"json": body}
        form = {name: self._filled(value) for name, value in step.form.items()}
        names = {name: _file_name(given) for name, given in step.files.items()}
        files = {name: (each, file_content(Path(each).suffix)) for name, each in names.items()}
        return {**({"data": form} if form else {}), **({"files": files} if files else {})}

    def _authorisation(self, step: ApiStep) -> dict[str, str]:
        headers: dict[str, str] = {}
        if step.auth.type == "bearer":
            headers["authorization"] = f"Bearer {self._secret(step.auth.token_env)}"
        names = [step.headers_env, step.auth.headers_env if step.auth.type == "headers" else ""]
        for name in filter(None, names):
            try:
                given = json.loads(self._secret(name))
                headers |= {str(key).lower(): str(value) for key, value in given.items()}
            except (json.JSONDecodeError, AttributeError):
                raise Stopped("missing_input", f"{name} holds no JSON object of headers") from None
        self.secrets += headers.values()
        return headers

    def _secret(self, name: str) -> str:
        value = self.options.values.get(name, "")
        if not value:
            raise Stopped("missing_input", f"set {name}")
        self.secrets.append(value)
        return value

    def _filled(self, text: str) -> str:
        try:
            return fill_placeholders(text, self.values)
        except KeyError as error:
            raise Stopped("broken_step", f"nothing gave {error}") from None

    def _filled_in(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._filled(value)
        if isinstance(value, dict):
            return {name: self._filled_in(each) for name, each in value.items()}
        return [self._filled_in(each) for each in value] if isinstance(value, list) else value


def _judged(step: ApiStep, answer: _Answer) -> list[AssertionResult]:
    fits = _fits(answer.status, step.expected_status)
    wanted = "below 400" if step.expected_status == "ok" else step.expected_status
    said = f"{step.method} {step.url} is answered {wanted}"
    results = [AssertionResult(f"{step.id}-status", "status", fits, said, f"{answer.status}")]
    if step.latency_ms:
        soon = answer.took_ms <= step.latency_ms
        said = f"{step.method} {step.url} is answered within {step.latency_ms:,.0f} ms"
        results.append(AssertionResult(f"{step.id}-latency", "latency", soon, said, f"{answer.took_ms:,.0f} ms"))
    for number, each in enumerate(step.json_assertions, 1):
        ok, observed = _holds(each, answer)
        results.append(AssertionResult(f"{step.id}-json-{number}", "json", ok, f"{each.path} of {step.id}", observed))
    for number, schema in enumerate(step.schema_assertions, 1):
        found = _at(answer.body, schema.path)
        problem = "it is no JSON" if found is msgspec.UNSET else _schema_problem(found, schema.schema)
        name, said = f"{step.id}-schema-{number}", f"{schema.path} of {step.id} fits its schema"
        results.append(AssertionResult(name, "schema", not problem, said, problem or "it does"))
    return results


def _fits(status: int, expected: int | str) -> bool:
    if isinstance(expected, int):
        return status == expected
    return status < 400 if expected == "ok" else status // 100 == int(expected[0])


def _holds(assertion: JsonAssertion, answer: _Answer) -> tuple[bool, str]:
    """Whether it holds, in words that repeat nothing of the answer."""
    found = _at(answer.body, assertion.path)
    is_there = found is not msgspec.UNSET
    if assertion.exists is not None and is_there != assertion.exists:
        return False, "it is there" if is_there else "it is not there"
    if assertion.equals is not msgspec.UNSET and (not is_there or found != assertion.equals):
        return False, "it is another" if is_there else "it is not there"
    if assertion.contains is not msgspec.UNSET:
        if not isinstance(found, str | list | dict):
            return False, "it can contain nothing" if is_there else "it is not there"
        text = isinstance(found, str)
        return (str(assertion.contains) in found, "its text") if text else (assertion.contains in found, "its members")
    return True, "it holds"


def _schema_problem(found: Any, schema: dict[str, Any]) -> str:
    try:
        jsonschema.validate(found, schema)
    except jsonschema.ValidationError as error:
        return f"{error.json_path} breaks {error.validator!r}"
    except jsonschema.SchemaError as error:
        return f"the schema itself is wrong at {error.json_path}"
    return ""


def _at(body: Any, path: str) -> Any:
    """What is at `$.a.0.b`, UNSET where nothing is."""
    found = body
    for part in path.removeprefix("$").strip(".").split(".") if path.removeprefix("$").strip(".") else ():
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return msgspec.UNSET
    return found


def _json(body: bytearray) -> Any:
    try:
        return msgspec.json.decode(bytes(body))
    except (msgspec.DecodeError, RecursionError):
        return msgspec.UNSET


def _file_name(given: str) -> str:
    return f"upload{given}" if given.startswith(".") else Path(urlsplit(given).path).name
