"""What a repository checks itself with, told from what lies at its top."""

import json

import pytest

from retrace_assets.fix_prs.validation import inferred_validation


def package(**scripts: str) -> dict[str, bytes]:
    return {"package.json": json.dumps({"scripts": scripts}).encode()}


@pytest.mark.parametrize(
    ("paths", "command"),
    [
        ({"package.json"}, "npm test --silent"),
        ({"package.json", "yarn.lock"}, "yarn test"),
        ({"package.json", "pnpm-lock.yaml"}, "pnpm test"),
    ],
)
def test_script_of_a_package_is_run_by_its_own_manager(paths: set[str], command: str) -> None:
    assert inferred_validation(paths, package(test="vitest run")) == command


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}}).encode(),
        b"{}",
        b'{"scripts": []}',
        b"[1]",
        b"\xff",
    ],
)
def test_package_without_tests_tells_nothing(content: bytes) -> None:
    assert inferred_validation({"package.json"}, {"package.json": content}) == ""


def test_python_tests_are_run_where_a_project_has_some() -> None:
    assert inferred_validation({"pyproject.toml", "tests/test_a.py"}, {}) == "python3 -m pytest -q"
    assert inferred_validation({"pyproject.toml", "src/a.py"}, {}) == ""
    assert inferred_validation({"tests/test_a.py"}, {}) == ""


def test_go_module_is_tested() -> None:
    assert inferred_validation({"go.mod", "main.go"}, {}) == "go test ./..."
