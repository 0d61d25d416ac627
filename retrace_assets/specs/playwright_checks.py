"""What a plain Playwright test asserts, and the few functions of its own that this takes.

Belongs here: each assertion before, around and after the steps. Does not: the steps and the file (playwright_file).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, assert_never

from retrace_assets.specs.typescript import element, message_pattern, path_pattern, route_pattern, string
from retrace_core.spec_assertions import (
    Assertion,
    ElementCount,
    ElementText,
    ElementVisible,
    HasEffect,
    MessageAbsent,
    NoError,
    PageShowsContent,
    RequestSucceeds,
    StatusCode,
    TextContains,
    TextMatches,
    UrlContains,
)


@dataclass(frozen=True)
class Check:
    """Lines of an assertion: `listen` go before the step it is about, `judge` go after the last.

    `within` is what a step with an effect is wrapped in: its beginning, and its end.
    """

    listen: tuple[str, ...] = ()
    judge: tuple[str, ...] = ()
    within: tuple[str, str] | None = None
    helper: str = ""


ANSWERS: Final = """\
/** The answers that requests of a method and path get from now on: their status (0: none), and how long each took. */
function answersTo(page: Page, method: string, path: RegExp, host: string) {
  const answers: { status: number; ms: number }[] = [];
  const sent = new Map<Request, number>();
  const answered = (request: Request, status: number) => {
    const begun = sent.get(request);
    if (begun !== undefined) answers.push({ status, ms: Date.now() - begun });
  };
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (request.method() === method && url.hostname === host && path.test(url.pathname)) sent.set(request, Date.now());
  });
  page.on('response', (response) => answered(response.request(), response.status()));
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') answered(request, 0);
  });
  return answers;
}
"""

ERRORS: Final = """\
/** What goes wrong from now on: uncaught errors, rejections and console.error. */
function errorsOn(page: Page) {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(`${error.name}: ${error.message}`));
  page.on('console', (message) => {
    const isOfBrowser = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isOfBrowser) errors.push(message.text());
  });
  return errors;
}
"""

EFFECT: Final = """\
/** What a person could see change: texts, pictures, states and places; not what was typed, nor messages of failure. */
function looksOf(page: Page) {
  return page.evaluate(() => {
    const isMessage = /(?:^|[\\s_-])(?:toasts?|snackbar|sonner|flash|alert|notification|message|error)(?:$|[\\s_-])/i;
    const isPointers = /(?:^|[-_:])(?:focus|hover|pressed|ripple|touched)/i;
    const all = [...document.querySelectorAll('body *')];
    const messages = all.filter(
      (element) =>
        element.matches('[role=alert], [role=status], [role=log], [aria-live]') ||
        isMessage.test(element.getAttribute('class') ?? ''),
    );
    const isSeen = (element: Element) =>
      element.getClientRects().length > 0 && !messages.some((message) => message.contains(element));
    const looks = (element: Element) => [
      element.tagName,
      ...[...element.classList].filter((name) => !isPointers.test(name) && !element.matches('input, textarea, select')),
      ...['href', 'src', 'disabled', 'aria-expanded', 'aria-pressed', 'aria-selected', 'aria-checked', 'aria-sort'].map(
        (name) => element.getAttribute(name) ?? '',
      ),
      ...[...element.childNodes].flatMap((node) => {
        const text = node.nodeType === Node.TEXT_NODE && node.textContent?.trim();
        return text ? [text] : [];
      }),
    ];
    const seen = all.filter(isSeen).map((element) => looks(element).join('|'));
    return [location.href, scrollX, scrollY, ...seen].join('\\n');
  });
}

/** How the page looks once it has come to rest: what earlier steps set going is no effect of the next. */
async function looksAtRest(page: Page) {
  await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => {});
  let looks = await looksOf(page);
  await expect(async () => {
    const before = looks;
    await page.waitForTimeout(400);
    looks = await looksOf(page);
    expect(looks === before).toBe(true);
  })
    .toPass({ timeout: 5_000 })
    .catch(() => {});
  return looks;
}

/** Does something, and expects it to lead somewhere, or to change the page for a while. */
async function expectEffect(page: Page, within: number, lasting: number, act: () => Promise<void>) {
  const before = await looksAtRest(page);
  let came = 0;
  const sent = new Set<Request>();
  page.on('dialog', () => (came += 1));
  page.on('popup', () => (came += 1));
  page.on('download', () => (came += 1));
  page.on('request', (request) => sent.add(request));
  page.on('response', (answer) => {
    came += Number(answer.request().method() !== 'GET' && answer.ok() && sent.has(answer.request()));
  });
  const hasChanged = async () => came > 0 || (await looksOf(page).catch(() => '')) !== before;
  await act();
  await expect(async () => {
    expect(await hasChanged(), 'it has an effect').toBe(true);
    await page.waitForTimeout(lasting);
    expect(await hasChanged(), 'its effect lasts').toBe(true);
  }).toPass({ timeout: within + lasting });
}
"""

CONTENT: Final = """\
/** How many characters, pictures and controls are seen. */
function contentOf(page: Page) {
  return page.evaluate(() => {
    const root = document.querySelector<HTMLElement>('main, [role=main]') ?? document.body;
    const media = [...root.querySelectorAll('img, svg, canvas, video, button, input, select, textarea, iframe')];
    return root.innerText.trim().length + media.filter((element) => element.getClientRects().length).length;
  });
}
"""

# An error or message that comes because of a step comes soon: as long as the engine listens.
_QUIET_MS: Final = "2_000"


def checks_of(assertions: Iterable[Assertion]) -> list[tuple[Assertion, Check]]:
    """The lines of each assertion; what is listened with has a name of its own."""
    return [(assertion, _check(assertion, number)) for number, assertion in enumerate(assertions, 1)]


def _check(assertion: Assertion, number: int) -> Check:  # noqa: PLR0911, PLR0912 - one a case
    match assertion:
        case RequestSucceeds():
            return _request(assertion, f"answers{number if number > 1 else ''}")
        case NoError():
            return _error(assertion, f"errors{number if number > 1 else ''}")
        case HasEffect():
            begin = f"await expectEffect(page, {assertion.within_ms}, {assertion.lasting_ms}, async () => {{"
            return Check(within=(begin, "});"), helper=EFFECT)
        case MessageAbsent():
            shown = f"page.getByText({message_pattern(assertion.template)}).first()"
            wait = f"{shown}.waitFor({{ timeout: {_QUIET_MS} }})"
            return Check(judge=(f"await expect({wait}, 'the message is not shown').rejects.toThrow('Timeout');",))
        case PageShowsContent():
            at = (_at(assertion.path),) if assertion.path else ()
            poll = "await expect.poll(() => contentOf(page), 'the page shows its content').toBeGreaterThan(0);"
            return Check(judge=(*at, poll), helper=CONTENT)
        case StatusCode():
            listen = (
                "let status = 0;",
                "page.on('response', (answer) => {",
                "  if (answer.request().isNavigationRequest() && answer.frame() === page.mainFrame()) "
                "status = answer.status();",
                "});",
            )
            return Check(listen, (f"expect(status).toBe({assertion.expected});",))
        case UrlContains():
            return Check(judge=(f"await expect.poll(() => page.url()).toContain({string(assertion.expected)});",))
        case TextContains():
            return Check(judge=(f"await expect(page.locator('body')).toContainText({string(assertion.expected)});",))
        case TextMatches():
            pattern = f"new RegExp({string(assertion.expected)})"
            return Check(judge=(f"await expect(page.locator('body')).toContainText({pattern});",))
        case ElementVisible():
            timeout = f"{{ timeout: {assertion.timeout_ms} }}"
            return Check(judge=(f"await expect({element(assertion.locator)}.first()).toBeVisible({timeout});",))
        case ElementText():
            expected = f"toContainText({string(assertion.expected)})"
            return Check(judge=(f"await expect({element(assertion.locator)}).{expected};",))
        case ElementCount():
            return Check(judge=(f"await expect({element(assertion.locator)}).toHaveCount({assertion.expected});",))
        case _:
            assert_never(assertion)


def _at(path: str) -> str:
    return f"await expect(page).toHaveURL({route_pattern(path)});"


def _request(assertion: RequestSucceeds, name: str) -> Check:
    host = string(assertion.host.partition(":")[0]) if assertion.host else "new URL(APP_URL).hostname"
    path = path_pattern(assertion.path)
    what = string(f"{assertion.method} {assertion.path} is answered")
    judge = [
        f"await expect.poll(() => {name}.length, {what}).toBeGreaterThan(0);",
        f"expect({name}.filter(({{ status }}) => !status || status >= {assertion.below})).toEqual([]);",
    ]
    if assertion.max_ms is not None:
        judge.append(f"expect({name}.filter(({{ ms }}) => ms > {assertion.max_ms})).toEqual([]);")
    listen = f"const {name} = answersTo(page, {string(assertion.method)}, {path}, {host});"
    return Check((listen,), tuple(judge), helper=ANSWERS)


def _error(assertion: NoError, name: str) -> Check:
    meant = f"{name}.filter((text) => {message_pattern(assertion.template)}.test(text))"
    judge = (
        f"await page.waitForTimeout({_QUIET_MS});",
        f"expect({meant if assertion.template else name}).toEqual([]);",
    )
    return Check((f"const {name} = errorsOn(page);",), judge, helper=ERRORS)
