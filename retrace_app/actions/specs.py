"""Tests as people handle them: listing, showing, writing one by hand, editing, and taking what was proposed.

Belongs here: the files and what may be done with them. Does not: making one of a recording (retrace_assets.specs),
running one (test_runs).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from retrace_assets.specs.playwright_file import playwright_file
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import public_id
from retrace_core.spec import DEFAULT_APP_URL, Spec
from retrace_core.spec_assertions import PageShowsContent, StatusCode
from retrace_core.spec_file import check_spec, spec_from, spec_hash
from retrace_core.spec_steps import Navigate
from retrace_resources.settings import Settings
from retrace_resources.spec_files import SpecFiles, ui_specs

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_SLUG_CHARS: Final = 40
# Opening the page is what a smoke test does: it answers, and shows something.
_SMOKE_STEPS: Final = (Navigate(id="open-1", url="/"),)
_SMOKE_ASSERTIONS: Final = (StatusCode(id="answers"), PageShowsContent(id="shows-content"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecBrief:
    """A test in a list."""

    spec_id: str
    name: str
    incident_id: str
    steps: int
    assertions: list[str]
    app_url: str
    sha256: str
    has_proposal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A file that is no test, and why."""

    spec_id: str
    problem: str


def list_specs(settings: Settings) -> tuple[list[SpecBrief], list[Broken]]:
    """List all UI tests, and apart from them the files that cannot be read."""
    files = ui_specs(settings.home)
    briefs, broken = [], []
    for spec_id in files.ids():
        try:
            briefs.append(_brief(files, files.read(spec_id)))
        except RetraceError as error:
            broken.append(Broken(spec_id=spec_id, problem=error.detail))
    return briefs, broken


def show_spec(settings: Settings, spec_id: str) -> Spec:
    """Read a test; raises `spec_not_found`, `invalid_spec`."""
    return ui_specs(settings.home).read(spec_id)


def export_spec(settings: Settings, spec_id: str) -> str:
    """A UI test as a plain Playwright file; raises `spec_not_found`."""
    return playwright_file(show_spec(settings, spec_id))


def create_spec(
    settings: Settings,
    name: str,
    *,
    app_url: str = "",
    start_command: str = "",
    prompt: str = "",
    steps: list[Any] | None = None,
    assertions: list[Any] | None = None,
    **auth: str,
) -> Spec:
    """Write a test by hand; without steps it opens the app's first page and looks whether it answers and shows content.

    `auth` are the fields of `Spec` that begin with `auth_`. Raises `invalid_spec`.
    """
    created_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    slug = _SLUG.sub("-", name.lower()).strip("-")[:_SLUG_CHARS].strip("-") or "test"
    if prompt and not steps:
        hint = "--steps-file with exact steps, or `retrace tester from-replay-issue` to take them from a recording"
        raise RetraceError(ErrorCode.INVALID_SPEC, "a prompt alone is no test: nothing would be done", hint=hint)
    raw = {
        "spec_id": f"{slug}-{public_id('', name, created_at)[:8]}",
        "name": name,
        "prompt": prompt,
        "app_url": app_url or settings.tester.app_url or DEFAULT_APP_URL,
        "start_command": start_command or settings.tester.start_command,
        **{key: value for key, value in auth.items() if value},
        "exact_steps": msgspec.to_builtins(_SMOKE_STEPS) if steps is None else steps,
        "assertions": msgspec.to_builtins(_SMOKE_ASSERTIONS) if assertions is None else assertions,
        "created_at": created_at,
        "updated_at": created_at,
    }
    spec = spec_from(raw)
    ui_specs(settings.home).write(spec)
    return spec


def edit_spec(
    settings: Settings,
    spec_id: str,
    *,
    name: str | None = None,
    prompt: str | None = None,
    app_url: str | None = None,
    steps: list[Any] | None = None,
    assertions: list[Any] | None = None,
) -> Spec:
    """Change what is given and leave the rest; what is generated later is only proposed. Raises `invalid_spec`."""
    files = ui_specs(settings.home)
    given = {"name": name, "prompt": prompt, "app_url": app_url, "exact_steps": steps, "assertions": assertions}
    raw = msgspec.to_builtins(files.read(spec_id))
    changed = spec_from({**raw, **{key: value for key, value in given.items() if value is not None}})
    return _save(files, changed)


def replace_spec(settings: Settings, spec_id: str, content: bytes) -> Spec:
    """Put a whole file in a test's place, as an editor leaves it. Raises `invalid_spec`."""
    files = ui_specs(settings.home)
    changed = files.decode(content)
    if changed.spec_id != spec_id:
        raise RetraceError(ErrorCode.INVALID_SPEC, f"`spec_id` was {spec_id!r} and cannot become {changed.spec_id!r}")
    return _save(files, changed)


def accept_proposal(settings: Settings, spec_id: str) -> Spec:
    """Put what is proposed in the test's place; raises `spec_not_found` when nothing is."""
    files = ui_specs(settings.home)
    proposed = files.proposal(spec_id)
    if proposed is None:
        raise RetraceError(ErrorCode.SPEC_NOT_FOUND, f"nothing is proposed for {spec_id!r}", hint="retrace tester list")
    files.write(proposed)
    return proposed


def reject_proposal(settings: Settings, spec_id: str) -> Spec:
    """Keep the test as it is and drop what is proposed."""
    files = ui_specs(settings.home)
    current = files.read(spec_id)
    files.withdraw(spec_id)
    return current


def _save(files: SpecFiles[Spec], spec: Spec) -> Spec:
    saved = msgspec.structs.replace(spec, updated_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    check_spec(saved)
    # What is proposed stays: it was made of the recording, and nobody has answered it.
    files.keep(saved)
    return saved


def _brief(files: SpecFiles[Spec], spec: Spec) -> SpecBrief:
    return SpecBrief(
        spec_id=spec.spec_id,
        name=spec.name,
        incident_id=spec.source.incident_id,
        steps=len(spec.exact_steps),
        assertions=list(dict.fromkeys(str(type(each).__struct_config__.tag) for each in spec.assertions)),
        app_url=spec.app_url,
        sha256=spec_hash(spec),
        has_proposal=files.proposal(spec.spec_id) is not None,
    )
