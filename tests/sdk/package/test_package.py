"""The npm package as somebody else gets it: packed, installed, type-checked, bundled, rendered."""

import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

SDK = Path(__file__).parents[3] / "sdk" / "browser"
APP = """
import { init, VERSION, type Client, type Options } from "@retrace/browser";
import { RetraceProvider, useRetrace } from "@retrace/browser/react";
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";

const options: Options = {
  apiKey: "rtpk_x",
  release: VERSION,
  privacy: { maskTextSelector: ".private", redactionPatterns: [/order-[0-9]+/] },
  tracePropagationTargets: ["https://api.example.com"],
};
function Page() {
  const client: Client = useRetrace();
  return createElement("button", { onClick: () => client.addBreadcrumb({ message: "pressed" }) }, "Press");
}
export function show(root: Element, url: string) {
  const page = createElement(RetraceProvider, { options: { ...options, ingestUrl: url } }, createElement(Page));
  const tree = createRoot(root);
  tree.render(createElement(StrictMode, null, page));
  return () => tree.unmount();
}
Object.assign(window, { init, show });
// @ts-expect-error a key is needed
init({});
"""
OUTSIDE = """
import { useRetrace } from "@retrace/browser/react";
import { createElement } from "react";
import { renderToString } from "react-dom/server";

function Lost() {
  useRetrace();
  return null;
}
try {
  renderToString(createElement(Lost));
} catch (error) {
  console.log((error as Error).message);
}
"""
# Its types are a package of their own, which nothing else here needs.
REACT_DOM = """
declare module "react-dom/client" {
  export function createRoot(root: Element): { render(tree: unknown): void; unmount(): void };
}
"""
TSCONFIG = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "NodeNext",
        "moduleResolution": "NodeNext",
        "lib": ["ES2022", "DOM"],
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "noEmit": True,
        "types": [],
    },
    "files": ["app.ts", "react-dom.d.ts"],
}


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as `npm pack` makes it."""
    folder = tmp_path_factory.mktemp("packed")
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    subprocess.run(command, cwd=SDK, check=True, capture_output=True)
    (packed,) = folder.glob("*.tgz")
    return packed


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app that uses the package; what the package needs itself is linked, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("app")
    modules = folder / "node_modules"
    (modules / "@retrace").mkdir(parents=True)
    with tarfile.open(tarball) as archive:
        archive.extractall(modules / "@retrace", filter="data")
    (modules / "@retrace" / "package").rename(modules / "@retrace" / "browser")
    for name in ("@rrweb", "@types", "react", "react-dom", "scheduler", "csstype"):
        (modules / name).symlink_to(SDK / "node_modules" / name)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "react-dom.d.ts").write_text(REACT_DOM)
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (folder / "app.ts").write_text(APP)
    return folder


def _run(project: Path, tool: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(SDK / "node_modules" / ".bin" / tool), *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_package_holds_what_is_needed_and_nothing_else(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = sorted(name.removeprefix("package/") for name in archive.getnames())

    assert {"package.json", "README.md", "LICENSE", "dist/index.js", "dist/react.js"} <= set(names)
    assert {"dist/types/src/index.d.ts", "dist/types/src/react.d.ts"} <= set(names)
    assert [name for name in names if name.endswith((".map", ".test.ts")) or "node_modules" in name] == []
    assert all(name.startswith("dist/") or "/" not in name for name in names)
    manifest = json.loads((SDK / "package.json").read_text())
    assert "private" not in manifest
    assert manifest["sideEffects"] is False
    assert "resolved" not in (SDK / "package-lock.json").read_text()


def test_app_that_uses_the_package_type_checks_strictly(project: Path) -> None:
    _run(project, "tsc", "--project", ".")


def test_bundled_app_records_while_its_provider_is_mounted(project: Path, open_page: OpenPage) -> None:
    _run(
        project,
        "esbuild",
        "app.ts",
        "--bundle",
        "--format=iife",
        "--outfile=app.js",
        '--define:process.env.NODE_ENV="development"',
    )
    recorded = open_page("<main></main>", "{ autoStart: false }", sends=False)
    page = recorded.page
    page.add_script_tag(path=str(project / "app.js"))
    page.evaluate("(url) => { window.unmount = show(document.querySelector('main'), url); }", recorded.capture.url)
    page.click("button")
    page.evaluate("unmount()")
    recorded.wait_for(lambda: recorded.payloads("retrace/click@1"))
    recorded.wait_for(recorded.finals)

    assert [payload["target"]["text"] for payload in recorded.payloads("retrace/click@1")] == ["Press"]
    assert page.evaluate("String(fetch).includes('[native code]')")
    before = len(recorded.events)
    page.mouse.click(9, 9)
    page.wait_for_timeout(50)
    assert len(recorded.events) == before


def test_use_outside_of_a_provider_says_what_is_missing(project: Path) -> None:
    (project / "outside.ts").write_text(OUTSIDE)
    _run(project, "esbuild", "outside.ts", "--bundle", "--platform=node", "--outfile=outside.cjs")
    printed = subprocess.run(["node", "outside.cjs"], cwd=project, capture_output=True, text=True, check=True)

    assert "useRetrace needs a <RetraceProvider>" in printed.stdout
