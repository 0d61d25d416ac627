"""What a repository checks itself with, told from its files.

Belongs here: the guess. Does not: running it (retrace_resources.builds), or what a person said instead.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

# What `npm init` writes where nobody has tests yet.
_NO_TESTS: Final = "no test specified"


def inferred_validation(paths: Collection[str], read: Mapping[str, bytes]) -> str:
    """The command that runs a repository's tests, by what lies at its top; empty where nothing tells.

    `read` has the bytes of `package.json`, if there is one.
    """
    if "package.json" in paths and _has_test_script(read.get("package.json", b"")):
        if "pnpm-lock.yaml" in paths:
            return "pnpm test"
        return "yarn test" if "yarn.lock" in paths else "npm test --silent"
    has_tests = any(path.startswith(("tests/", "test/")) and path.endswith(".py") for path in paths)
    if has_tests and any(name in paths for name in ("pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini")):
        return "python3 -m pytest -q"
    if "go.mod" in paths:
        return "go test ./..."
    return ""


def _has_test_script(content: bytes) -> bool:
    try:
        package: Any = msgspec.json.decode(content)
        return _NO_TESTS not in str(package["scripts"]["test"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return False
