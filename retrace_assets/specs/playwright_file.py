"""A spec as a plain `@playwright/test` file: a team can commit it, and it needs nothing of ours.

Belongs here: the file's head, the steps, and their order. Does not: literals (typescript), assertions
(playwright_checks), or running it.

Two things stay behind: fallback locators (Playwright has no order of them), and the reasons of a run that says nothing.
"""

import base64
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final, assert_never

from retrace_assets.specs.playwright_checks import Check, checks_of
from retrace_assets.specs.typescript import comment, element, route_pattern, string, text_of
from retrace_core.spec import Spec
from retrace_core.spec_assertions import Assertion
from retrace_core.spec_file import placeholders, spec_hash
from retrace_core.spec_steps import (
    AtPath,
    Click,
    Condition,
    Dialog,
    Drag,
    Fill,
    Hover,
    Navigate,
    Press,
    Scroll,
    Select,
    Step,
    Upload,
    WaitFor,
)
from retrace_core.spec_steps import (
    Check as CheckStep,
)
from retrace_resources.engine.files import file_content

_NEEDED: Final = """\
/** A variable that must be set: the recording does not hold it. */
function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}
"""
_LOG_IN: Final = """\
/** Logs in by the form of a page: the field before the password is the account's. */
async function logIn(page: Page, url: string, account: string, password: string) {
  await page.goto(url);
  const field = page.locator('input[type=password]').first();
  await field.waitFor();
  const before = "preceding::input[not(@type) or @type='text' or @type='email' or @type='tel'][1]";
  if (account) await page.locator(`xpath=//input[@type='password'][1]/${before}`).first().fill(account);
  await field.fill(password);
  await field.press('Enter');
  await field.waitFor({ state: 'hidden' });
}
"""


def playwright_file(spec: Spec) -> str:
    """Write a spec as TypeScript; the same text for the same spec."""
    checks = checks_of(spec.assertions)
    body = [*_listening(checks, ""), *_log_in(spec), *_steps(spec, checks)]
    body += [line for _, check in checks for line in check.judge]
    helpers = list(dict.fromkeys(check.helper for _, check in checks if check.helper))
    text = "\n".join(body)
    inputs = list(_inputs(spec))
    if spec.auth_mode == "form":
        helpers.insert(0, _LOG_IN)
    if "needed(" in "\n".join([text, *inputs]):
        helpers.insert(0, _NEEDED)
    types = [name for name in ("Page", "Request") if any(f": {name}" in each or f"<{name}" in each for each in helpers)]
    imports = ", ".join(["expect", "test", *(f"type {name}" for name in types)])
    source = spec.source
    origin = ", ".join(filter(None, [source.incident_id, f"test {spec.spec_id}", f"sha256 {spec_hash(spec)[:12]}"]))
    head = [
        comment(spec.name),
        comment(f"Made of a recording: {origin}." if source.session_id else f"Made by hand: {origin}."),
        "",
        f"import {{ {imports} }} from '@playwright/test';",
        "",
        f"const APP_URL = process.env.APP_URL ?? {string(spec.app_url)};",
        "",
        "test.use({",
        *(f"  {line}" for line in _options(spec)),
        "});",
        *([""] if inputs else []),
        *inputs,
        "",
    ]
    test = [f"test({string(spec.name)}, async ({{ page }}) => {{", *(f"  {line}" for line in body), "});", ""]
    return "\n".join([*head, *helpers, *test])


def _options(spec: Spec) -> Iterator[str]:
    start = spec.start
    yield "baseURL: APP_URL,"
    yield f"viewport: {{ width: {start.viewport[0]}, height: {start.viewport[1]} }},"
    if start.locale:
        yield f"locale: {string(start.locale)},"
    if start.timezone:
        yield f"timezoneId: {string(start.timezone)},"
    if start.touch:
        yield "hasTouch: true,"
    if start.account:
        yield "storageState: process.env.RETRACE_TESTER_STORAGE_STATE,"
    yield "serviceWorkers: 'block',"


def _inputs(spec: Spec) -> Iterator[str]:
    used = dict.fromkeys(
        name for step in spec.exact_steps if isinstance(step, Fill) for name in placeholders(step.text)
    )
    if used:
        yield "const input = {"
        for name in used:
            wanted = spec.inputs[name]
            variable = wanted.env or f"RETRACE_TESTER_{name.upper()}"
            given = f"process.env.{variable} ?? {string(wanted.example)}" if wanted.example else None
            # A getter: who runs another test of the folder need not set it.
            yield f"  {name}: {given}," if given else f"  get {name}() {{ return needed({string(variable)}); }},"
        yield "};"


def _log_in(spec: Spec) -> Iterator[str]:
    match spec.auth_mode:
        case "none":
            return
        case "form":
            password = f"needed({string(spec.auth_password_env)})"
            yield f"await logIn(page, {string(spec.auth_login_url)}, {string(spec.auth_username)}, {password});"
        case "jwt":
            yield from _with_headers(f"{{ authorization: `Bearer ${{needed({string(spec.auth_jwt_env)})}}` }}")
        case "headers":
            yield from _with_headers(f"JSON.parse(needed({string(spec.auth_headers_env)}))")
        case _:
            assert_never(spec.auth_mode)


def _with_headers(headers: str) -> Iterator[str]:
    yield f"const headers: Record<string, string> = {headers};"
    yield "await page.route(({ origin }) => origin === new URL(APP_URL).origin, (route) =>"
    yield "  route.continue({ headers: { ...route.request().headers(), ...headers } }),"
    yield ");"


def _listening(checks: list[tuple[Assertion, Check]], after: str) -> list[str]:
    return [line for assertion, check in checks if assertion.after == after for line in check.listen]


def _steps(spec: Spec, checks: list[tuple[Assertion, Check]]) -> Iterator[str]:
    for number, step in enumerate(spec.exact_steps):
        yield from map(_condition, step.before)
        yield from _listening(checks, step.id)
        around = [check.within for assertion, check in checks if assertion.after == step.id and check.within]
        lines = list(_act(step))
        for begin, end in around:
            lines = [begin, *(f"  {line}" for line in lines), end]
        yield from lines
        if number == 0 and spec.start.landmark is not None:
            yield f"await expect({element(spec.start.landmark)}.first()).toBeVisible();"


def _condition(condition: Condition) -> str:
    if isinstance(condition, AtPath):
        return f"await expect(page).toHaveURL({route_pattern(condition.path)});"
    return f"await expect({element(condition.locator)}).toBeVisible();"


def _act(step: Step) -> Iterator[str]:  # noqa: PLR0912 - one a case
    match step:
        case Navigate():
            calls = {"reload": "reload()", "back": "goBack()", "forward": "goForward()"}
            yield f"await page.{calls.get(step.kind) or f'goto({string(step.url)})'};"
        case Click():
            line = f"await {element(step.locator)}.{'dblclick' if step.double else 'click'}({_click_options(step)});"
            yield from [line] * step.count if step.count <= 2 else _repeated(line, step.count)
        case Fill():
            text = text_of(step.text)
            if step.keys:
                yield f"await {element(step.locator)}.clear();"
            yield f"await {element(step.locator)}.{'pressSequentially' if step.keys else 'fill'}({text});"
        case Select():
            yield f"await {element(step.locator)}.selectOption([{_choices(step)}]);"
        case CheckStep():
            yield f"await {element(step.locator)}.setChecked({'true' if step.checked else 'false'});"
        case Press():
            target = element(step.locator) if step.locator else "page.keyboard"
            yield f"await {target}.press({string(step.key)});"
        case Hover():
            yield f"await {element(step.locator)}.hover();"
        case Upload():
            files = ", ".join(map(_file, step.files))
            yield f"await {element(step.locator)}.setInputFiles([{files}]);"
        case Drag():
            yield f"await {element(step.locator)}.dragTo({element(step.to)});"
        case Scroll():
            where = f"{element(step.locator)}.scrollIntoViewIfNeeded()" if step.locator else None
            yield f"await {where or f'page.mouse.wheel(0, {step.by_px})'};"
        case Dialog():
            answer = f"accept({string(step.text) if step.text else ''})" if step.accept else "dismiss()"
            yield f"page.once('dialog', (dialog) => dialog.{answer});"
        case WaitFor():
            return
        case _:
            assert_never(step)


def _click_options(step: Click) -> str:
    options = [f"button: {string(step.button)}"] if step.button != "left" else []
    if step.modifiers:
        options.append(f"modifiers: [{', '.join(map(string, step.modifiers))}]")
    return f"{{ {', '.join(options)} }}" if options else ""


def _repeated(line: str, count: int) -> list[str]:
    return [f"for (let time = 0; time < {count}; time += 1) {{", f"  {line}", "}"]


def _choices(step: Select) -> str:
    if step.labels:
        return ", ".join(f"{{ label: {string(label)} }}" for label in step.labels)
    if step.values:
        return ", ".join(f"{{ value: {string(value)} }}" for value in step.values)
    return ", ".join(f"{{ index: {index} }}" for index in step.indexes)


def _file(name: str) -> str:
    suffix = (PurePath(name).suffix or (name if name.startswith(".") else ".txt")).lower()
    content = base64.b64encode(file_content(suffix)).decode("ascii")
    given = f"upload{suffix}" if name.startswith(".") else PurePath(name).name
    buffer = f"Buffer.from({string(content)}, 'base64')"
    return f"{{ name: {string(given)}, mimeType: 'application/octet-stream', buffer: {buffer} }}"
