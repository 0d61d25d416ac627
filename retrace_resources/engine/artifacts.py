"""What a run leaves in its folder, without secrets, named with its hash in the record.

Belongs here: the files and the manifest. Does not: what is in a record (retrace_core.test_run).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

import msgspec
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from retrace_core.redaction import redact_texts
from retrace_core.test_run import Artifact, ArtifactKind, StepResult, TestRun
from retrace_resources.engine.watch import Call, Watch
from retrace_resources.run_records import RECORD
from retrace_resources.whole_file import write_whole

REDACTED: Final = "[redacted]"
_SCREENSHOT_MS: Final = 2_000
# What browsers leave as it is in a query.
_PLAIN_IN_QUERIES: Final = "!$%&()*+,-./:;=?@[]^_`{|}~\\"


class Folder:
    """The folder of one run; `secrets` are values that are taken out of everything that is written."""

    def __init__(self, path: Path, secrets: Sequence[str] = ()) -> None:
        """Make it, for this account alone."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        # The longest first: one may be a part of another.
        self._secrets = sorted({each for secret in secrets for each in _spellings(secret)}, key=len, reverse=True)
        self._files: dict[str, ArtifactKind] = {}

    @property
    def has_secrets(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self._secrets)

    def screenshot(self, page: Page) -> None:
        """Keep the page as it looks at the end; a page that hangs has none."""
        try:
            page.screenshot(path=self.path / "final.png", timeout=_SCREENSHOT_MS, animations="disabled")
        except PlaywrightError:
            return
        self._files["final.png"] = "screenshot"

    def trace(self) -> Path:
        """Where Playwright writes its trace."""
        self._files["trace.zip"] = "trace"
        return self.path / "trace.zip"

    def log(self, watch: Watch, steps: Iterable[StepResult]) -> None:
        """Keep what the console said, which requests there were, and how the steps went."""
        lines = [
            {"at_ms": round(told.at_ms), "kind": told.kind, "text": told.text}
            for told in (*watch.console, *watch.errors)
        ]
        self._write("console.jsonl", "console", self._lines(lines))
        self._write("network.har", "har", json.dumps(self._clean({"log": _har(watch)}), indent=1))
        self._write("steps.jsonl", "step_log", self._lines(msgspec.to_builtins(list(steps))))

    def exchanges(self, rows: Iterable[Any]) -> None:
        """Keep the requests of an API test and how they were answered."""
        self._write("exchanges.jsonl", "request", self._lines(rows))

    def add(self, name: str, kind: ArtifactKind) -> None:
        """Name a file that somebody else wrote here."""
        if (self.path / name).is_file():
            self._files[name] = kind

    def finish(self, run: TestRun) -> TestRun:
        """Write the record with all artifacts in it; returns it as it was written."""
        said = msgspec.convert(self._clean(msgspec.to_builtins(run)), TestRun)
        finished = msgspec.structs.replace(said, artifacts=tuple(self._artifacts()))
        write_whole(self.path / RECORD, msgspec.json.format(msgspec.json.encode(finished), indent=2) + b"\n")
        return finished

    def _artifacts(self) -> Iterable[Artifact]:
        for name, kind in sorted(self._files.items()):
            path = self.path / name
            if path.is_file():
                path.chmod(0o600)
                content = path.read_bytes()
                yield Artifact(kind, name, len(content), hashlib.sha256(content).hexdigest())

    def _write(self, name: str, kind: ArtifactKind, text: str) -> None:
        write_whole(self.path / name, text.encode())
        self._files[name] = kind

    def _lines(self, rows: Iterable[Any]) -> str:
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in self._clean([*rows]))

    def _clean(self, value: Any) -> Any:
        """The same without secrets: those of the run, and what looks like one.

        All texts are redacted together: each takes milliseconds alone, and a page's requests have hundreds of them.
        """
        texts = {text: self._without_secrets(text) for text in _texts(value)}
        return _replaced(value, dict(zip(texts, redact_texts(texts.values()), strict=True)))

    def _without_secrets(self, text: str) -> str:
        for spelled in self._secrets:
            text = text.replace(spelled, REDACTED)
        return text


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, names aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    """The same with each of its texts replaced."""
    if isinstance(value, dict):
        return {name: _replaced(each, texts) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, texts) for each in value]
    return texts[value] if isinstance(value, str) else value


def _spellings(secret: str) -> Iterator[str]:
    """A value as it is, as JSON has it, and as URLs do."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield quote(secret, safe=_PLAIN_IN_QUERIES)


def _har(watch: Watch) -> dict[str, Any]:
    """HAR 1.2 without bodies, headers and cookies: when what was asked of whom, and the answer's status."""
    return {
        "version": "1.2",
        "creator": {"name": "retrace", "version": "1"},
        "entries": [_entry(watch, call) for call in watch.calls],
    }


def _entry(watch: Watch, call: Call) -> dict[str, Any]:
    took = (call.ended_ms or call.started_ms) - call.started_ms
    return {
        "startedDateTime": (watch.began_at + timedelta(milliseconds=call.started_ms)).isoformat(),
        "time": took,
        "request": {"method": call.method, "url": call.url, "headers": [], "cookies": []},
        "response": {"status": call.status or 0, "statusText": call.error, "headers": [], "cookies": []},
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }
