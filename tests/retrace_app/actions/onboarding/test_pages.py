"""What is pasted into an app, run as it stands in a real Chromium against a real door."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Route

from tests.retrace_app.actions.onboarding.hosted import BUTTON, REPOSITORY, Door, recorded, visit

SDK = REPOSITORY / "sdk" / "browser"


@pytest.mark.slow
def test_browser_snippet_records_a_page_of_another_origin(door: Door, browser: Browser) -> None:
    snippet = door.manifest.snippets["browser"].text
    html = f"<!doctype html><title>plain page</title><head>{snippet}<script>throw Error('too early')</script></head>"

    with visit(browser, f"{html}<body>{BUTTON}</body>") as page:
        page.wait_for_function("window.Retrace && !window.retraceEarly.length")
        page.get_by_role("button").click()
        events = recorded(door, page, "plain page")

    assert 2 in {event["type"] for event in events}
    exceptions = [
        event["data"]["payload"]
        for event in events
        if event.get("data", {}).get("plugin", "").startswith("retrace/exc")
    ]
    assert any("too early" in exception["message"] for exception in exceptions)
    assert {batch["release"] for batch in door.bodies() if "plain page" in json.dumps(batch)} == {"1.2.3"}


@pytest.mark.slow
def test_recorder_is_not_run_when_it_was_tampered_with(door: Door, browser: Browser) -> None:
    snippet = door.manifest.snippets["browser"].text

    def tamper(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text() + "\nwindow.tampered = true;")

    def prepare(context: BrowserContext) -> None:
        context.route("**/sdk/*.js", tamper)

    html = f"<!doctype html><title>tampered page</title><head>{snippet}</head><body>{BUTTON}</body>"
    with visit(browser, html, prepare=prepare) as page:
        page.wait_for_function("performance.getEntriesByType('resource').some((one) => one.name.includes('/sdk/'))")
        page.wait_for_timeout(200)
        page.get_by_role("button").click()
        ran = page.evaluate("[typeof window.Retrace, typeof window.tampered]")

    assert ran == ["undefined", "undefined"]
    assert "tampered page" not in json.dumps(door.bodies())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of an app that has installed the built package, React and TypeScript."""
    folder = tmp_path_factory.mktemp("app")
    modules = folder / "node_modules"
    (modules / "@retrace").mkdir(parents=True)
    (modules / "@types").mkdir()
    (modules / "@retrace" / "browser").symlink_to(SDK)
    for name in ("react", "react-dom", "@types/react"):
        (modules / name).symlink_to(SDK / "node_modules" / name)
    options = {
        "strict": True,
        "noEmit": True,
        "jsx": "react-jsx",
        "module": "esnext",
        "moduleResolution": "bundler",
        "target": "es2020",
        "types": [],
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts", "recorded.tsx"]}))
    (folder / "main.jsx").write_text(
        'import { createRoot } from "react-dom/client";\nimport { Recorded } from "./recorded";\n'
        'createRoot(document.querySelector("main")).render(<Recorded><button>Buy</button></Recorded>);\n'
    )
    return folder


def _bundled(project: Path, entry: str) -> Path:
    node = shutil.which("node") or "node"
    bundle = project / f"{entry.partition('.')[0]}.bundle.js"
    bins = SDK / "node_modules"
    subprocess.run([node, bins / "typescript" / "bin" / "tsc", "-p", project], check=True, cwd=project, timeout=60)
    esbuild = (str(bins / "esbuild" / "bin" / "esbuild"), entry, "--bundle", "--jsx=automatic", f"--outfile={bundle}")
    subprocess.run([*esbuild, "--log-level=warning"], check=True, cwd=project, timeout=60)
    return bundle


@pytest.mark.slow
@pytest.mark.parametrize("name", ["npm", "react"])
def test_package_snippet_type_checks_and_records(name: str, door: Door, browser: Browser, project: Path) -> None:
    file, entry = {"npm": ("retrace.ts", "retrace.ts"), "react": ("recorded.tsx", "main.jsx")}[name]
    (project / file).write_text(door.manifest.snippets[name].text)
    bundle = _bundled(project, entry)
    body = BUTTON if name == "npm" else "<main></main>"

    html = f'<!doctype html><title>{name} page</title><body>{body}<script src="/bundle.js"></script></body>'
    with visit(browser, html, {"bundle": bundle}) as page:
        page.get_by_role("button").click()
        events = recorded(door, page, f"{name} page")

    assert 2 in {event["type"] for event in events}
