"""Dagster from outside, over its GraphQL: launching a run so that the UI can run it again, and waiting for its end.

Belongs here: the few operations Retrace needs. Does not: choosing between this and running in-process (the actions).
"""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.dagster_names import LOCATION, REPOSITORY

# A launch takes 0.2 s when nothing else runs; a machine that is busy with a rebuild takes longer.
_TIMEOUT_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1

_ENDED: Final = frozenset({"SUCCESS", "FAILURE", "CANCELED"})

_LAUNCH: Final = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on UnauthorizedError { message }
  }
}
"""
_STATUS: Final = """
query Status($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }
"""
_VERSION: Final = "query { version }"


class DagsterGraphql:
    """A Dagster webserver at an address such as http://127.0.0.1:8789."""

    def __init__(self, url: str) -> None:
        """Name the address; nothing is sent."""
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        """Use the connection for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def answers(self) -> bool:
        """Whether a webserver answers."""
        try:
            self._ask(_VERSION, {})
        except RetraceError:
            return False
        return True

    def launch(self, job: str, *, run_config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """Launch a job and return the run's id; raises `dagster_unavailable` or `run_failed`."""
        params = {
            "selector": {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, "jobName": job},
            "runConfigData": run_config,
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        answer = self._ask(_LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RetraceError(ErrorCode.RUN_FAILED, f"{job} was not launched: {_why(answer)}")
        return str(answer["run"]["runId"])

    def status(self, run_id: str) -> str:
        """Status of a run, in Dagster's words; raises `dagster_unavailable`, or `run_failed` for an unknown run."""
        answer = self._ask(_STATUS, {"id": run_id})["runOrError"]
        if answer["__typename"] != "Run":
            raise RetraceError(ErrorCode.RUN_FAILED, f"there is no run {run_id}")
        return str(answer["status"])

    def wait(self, run_id: str, timeout_seconds: float) -> str:
        """Wait for a run's end and return its status; raises `run_failed` when it takes longer."""
        until = time.monotonic() + timeout_seconds
        while (status := self.status(run_id)) not in _ENDED:
            if time.monotonic() > until:
                raise RetraceError(ErrorCode.RUN_FAILED, f"run {run_id} is still {status} after {timeout_seconds:g} s")
            time.sleep(_POLL_SECONDS)
        return status

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            response = self._client.post("/graphql", json={"query": query, "variables": variables})
            response.raise_for_status()
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            detail = f"{self._client.base_url}: {error or type(error).__name__}"
            raise RetraceError(ErrorCode.DAGSTER_UNAVAILABLE, detail, hint="retrace up") from error
        if "errors" in answer:
            raise RetraceError(ErrorCode.RUN_FAILED, answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        return data


def _why(answer: Mapping[str, Any]) -> str:
    messages = [error["message"] for error in answer.get("errors", ())] or [answer.get("message", "")]
    first = messages[0].partition("\n")[0]
    return f"{answer['__typename']} {first}".strip()
