"""The rules of the house: imports go down only, the door stays light, the reference pages say what the code says."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import PAGES, page

ROOT = Path(__file__).parent.parent
BELOW_DEFINITIONS = ("retrace_core", "retrace_resources", "retrace_assets", "retrace_sensors")


def test_imports_keep_to_the_contracts_of_pyproject() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint_imports], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("package", BELOW_DEFINITIONS)
def test_nothing_below_imports_the_definitions(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        imported = {
            name
            for node in ast.walk(ast.parse(file.read_text()))
            for name in (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")]
            )
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert not {"retrace_definitions", "retrace_app"} & {(name or "").split(".")[0] for name in imported}, file


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [
        file
        for package in (*BELOW_DEFINITIONS, "retrace_app")
        for file in (ROOT / package).rglob("*.py")
        if file.read_text().strip() and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []


def test_the_door_loads_no_engine() -> None:
    """DESIGN §2: it must start in a second and idle small."""
    code = "import sys, retrace_app.http.ingest.app; print({'dagster', 'duckdb', 'polars'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == page(name), "run `python -m docs.generate`"
