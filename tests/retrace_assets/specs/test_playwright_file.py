"""A spec as a plain Playwright file: readable, parsed whatever is in it, and red or green by itself."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrace_app.demo.shop_server import running_shop
from retrace_assets.specs.playwright_file import playwright_file
from retrace_core.spec import Input, Source, Spec, Start
from retrace_core.spec_assertions import Assertion, HasEffect, MessageAbsent, NoError, PageShowsContent, RequestSucceeds
from retrace_core.spec_steps import AtPath, Click, Dialog, Fill, Locator, Navigate, Press, Select, Step, Upload
from retrace_resources.browser import find_browser

SDK = Path(__file__).parents[3] / "sdk" / "browser"
PLAYWRIGHT = "@playwright/test@1.65.1"

# Reads TypeScript files as JSON lines and answers with the problems of each; one process for all examples.
PARSER = """
const { transformSync } = require('esbuild');
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  try { transformSync(JSON.parse(line), { loader: 'ts' }); console.log('[]'); }
  catch (error) { console.log(JSON.stringify(error.errors.map(({ text }) => text))); }
});
"""


def spec_of(*steps: Step, asserts: Assertion | None = None, **spec: object) -> Spec:
    made = {
        "spec_id": "inc-abc-ui",
        "name": "A test",
        "app_url": "http://127.0.0.1:3000",
        "exact_steps": (Navigate(id="open-1", url="/"), *steps),
        "assertions": (asserts or PageShowsContent(id="content"),),
        **spec,
    }
    return Spec(**made)  # type: ignore[arg-type]


def body_of(spec: Spec) -> list[str]:
    """The lines of the test itself."""
    lines = playwright_file(spec).splitlines()
    return [
        line.strip() for line in lines[next(n for n, line in enumerate(lines) if line.startswith("test(")) + 1 : -1]
    ]


def button(name: str) -> Locator:
    return Locator("role", "button", name=name)


def test_steps_read_as_a_tester_writes_them() -> None:
    within = Locator("role", "listitem", name="Rope")
    spec = spec_of(
        Click(id="a", locator=button("Don't"), before=(AtPath("/orders/:id"),)),
        Fill(id="b", locator=Locator("label", "City"), text="Oslo"),
        Select(id="c", locator=Locator("test_id", "size"), labels=("Large",)),
        Press(id="d", key="Enter"),
        Dialog(id="e", accept=False),
        Click(id="f", locator=Locator("text", "Remove", within=within, nth=1), double=True),
        Click(id="g", locator=Locator("css", "a.x", frames=("iframe#pay",)), button="right", modifiers=("Shift",)),
        Upload(id="h", locator=Locator("test_id", "photo", attribute="data-qa"), files=(".png",)),
    )
    lines = body_of(spec)
    assert lines[:8] == [
        "await page.goto('/');",
        r"await expect(page).toHaveURL(/^https?:\/\/[^/]+\/orders\/[^/?#]+\/?(?:[?#].*)?$/);",
        """await page.getByRole('button', { name: "Don't", exact: true }).click();""",
        "await page.getByLabel('City', { exact: true }).fill('Oslo');",
        "await page.getByTestId('size').selectOption([{ label: 'Large' }]);",
        "await page.keyboard.press('Enter');",
        "page.once('dialog', (dialog) => dialog.dismiss());",
        "await page.getByRole('listitem', { name: 'Rope', exact: true }).getByText('Remove', { exact: true })"
        ".nth(1).dblclick();",
    ]
    assert lines[8] == (
        "await page.frameLocator('iframe#pay').locator('a.x').click({ button: 'right', modifiers: ['Shift'] });"
    )
    assert lines[9].startswith("""await page.locator('[data-qa="photo"]').setInputFiles([{ name: 'upload.png',""")


def test_an_input_without_an_example_must_be_set_when_it_is_used() -> None:
    steps = (
        Fill(id="a", locator=Locator("label", "E-mail"), text="{{ email }}"),
        Fill(id="b", locator=Locator("label", "Password"), text="{{ password }}"),
        Fill(id="c", locator=Locator("label", "Note"), text="to {{ email }}!"),
    )
    inputs = {"email": Input("email", "MAIL", "kim@example.com"), "password": Input("password", "PASS")}
    file = playwright_file(spec_of(*steps, inputs=inputs))
    assert "  email: process.env.MAIL ?? 'kim@example.com'," in file
    assert "  get password() { return needed('PASS'); }," in file
    assert ".fill('to ' + input.email + '!');" in file


def test_what_is_listened_for_is_listened_for_before_its_step() -> None:
    asserts = RequestSucceeds(id="request", after="pay", method="POST", path="/api/orders/:id/pay")
    lines = body_of(spec_of(Click(id="pay", locator=button("Pay")), asserts=asserts))
    listens = next(number for number, line in enumerate(lines) if line.startswith("const answers = answersTo("))
    assert r"/^\/api\/orders\/[^/]+\/pay\/?$/" in lines[listens]
    assert "'Pay'" in lines[listens + 1]


def test_helpers_come_only_with_what_needs_them() -> None:
    assert "function" not in playwright_file(spec_of(asserts=MessageAbsent(id="m", template="Could not save")))
    assert playwright_file(spec_of(asserts=NoError(id="e"))).count("function ") == 1


def test_head_names_incident_and_test() -> None:
    source = Source(incident_id="INC-ABC", session_id="s-1")
    head = playwright_file(spec_of(source=source)).splitlines()[:2]
    assert head[0] == "// A test"
    assert head[1].startswith("// Made of a recording: INC-ABC, test inc-abc-ui, sha256 ")


@pytest.fixture(scope="module")
def parser() -> Iterator["subprocess.Popen[str]"]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["node", "-e", PARSER], cwd=SDK, text=True, encoding="utf-8", **pipes) as process:  # type: ignore[call-overload]
        yield process
        assert process.stdin
        process.stdin.close()


@given(st.text(max_size=40) | st.sampled_from(["'\"`${x}", "*/ // \n", "\u2028\u2029", "\\", "</script>", "<n>/:id"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@pytest.mark.slow
def test_whatever_a_page_is_called_the_file_parses(parser: "subprocess.Popen[str]", hostile: str) -> None:
    locator = Locator("role", "button", name=hostile, within=Locator("css", hostile))
    spec = spec_of(
        Click(id="a", locator=locator, before=(AtPath(f"/{hostile}/#/{hostile}"),)),
        Fill(id="b", locator=Locator("test_id", hostile), text=f"{hostile}{{{{ word }}}}"),
        name=hostile or "x",
        start=Start(locale=hostile, landmark=Locator("text", hostile)),
        inputs={"word": Input("text", example=hostile)},
        assertions=(
            RequestSucceeds(id="1", method="GET", path=hostile, host=hostile),
            NoError(id="2", template=hostile),
            MessageAbsent(id="3", template=hostile),
            PageShowsContent(id="4", path=hostile),
            HasEffect(id="5", after="a"),
        ),
    )
    assert parser.stdin
    assert parser.stdout
    parser.stdin.write(json.dumps(playwright_file(spec)) + "\n")
    parser.stdin.flush()
    assert json.loads(parser.stdout.readline()) == []


@pytest.mark.slow
def test_it_is_red_with_the_bug_and_green_without_in_plain_playwright(tmp_path: Path) -> None:
    start = Start(landmark=Locator("test_id", "header-account"))
    to_cart = (
        Click(id="add", locator=Locator("test_id", "add-to-cart")),
        Click(id="cart", locator=Locator("test_id", "header-cart")),
        Fill(id="code", locator=Locator("label", "Discount code"), text="TIDE10", before=(AtPath("/cart"),), keys=True),
        Click(id="apply", locator=button("Apply code")),
    )
    page = (Navigate(id="open", url="/products/1041"),)
    written = {
        "effect": spec_of(exact_steps=(*page, *to_cart), asserts=HasEffect(id="e", after="apply"), start=start),
        "error": spec_of(
            exact_steps=(*page, Click(id="wish", locator=button("Add to wishlist"))),
            asserts=NoError(id="n"),
            start=start,
        ),
    }
    for name, spec in written.items():
        (tmp_path / f"{name}.spec.ts").write_text(playwright_file(spec))
    launch = {"executablePath": str(find_browser()), "args": ["--no-sandbox"]}
    config = {"testDir": ".", "workers": 1, "reporter": "json", "use": {"launchOptions": launch}}
    (tmp_path / "playwright.config.ts").write_text(f"export default {json.dumps(config)};")
    (tmp_path / "package.json").write_text("{}")
    environment = {**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", PLAYWRIGHT]
    subprocess.run(install, cwd=tmp_path, env=environment, check=True, timeout=120)

    def outcomes(url: str) -> dict[str, str]:
        run = subprocess.run(
            ["npx", "playwright", "test"],
            cwd=tmp_path,
            env={**environment, "APP_URL": url},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        suites = json.loads(run.stdout)["suites"]
        return {suite["file"].split(".")[0]: suite["specs"][0]["tests"][0]["status"] for suite in suites}

    with running_shop(["all"]) as broken, running_shop() as whole:
        assert outcomes(broken) == {"effect": "unexpected", "error": "unexpected"}
        assert outcomes(whole) == {"effect": "expected", "error": "expected"}
