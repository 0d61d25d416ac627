"""Which files are not a fix's to change, by their path.

A fix changes the source of the app. What decides what runs elsewhere, who may do what, or how the fix itself is judged,
a person changes. Belongs here: the lists, each with what it is for. Does not: the order of the gate's questions (gate).
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from retrace_assets.fix_prs.refusal import RefusalCode

_CI: Final = (
    *(".github/*", ".gitlab/*", ".gitlab-ci*", ".circleci/*", ".buildkite/*", ".woodpecker*", ".drone*", ".travis*"),
    *(".ci/*", ".teamcity/*", "*azure-pipelines*", "*bitbucket-pipelines*", "*appveyor*", "*/jenkinsfile*"),
    *("jenkinsfile*", "*codeowners", "*cloudbuild.y*ml", "*buildspec.y*ml", "*/action.y*ml", "action.y*ml"),
    *("netlify.toml", "vercel.json", "fly.toml", "app.yaml", "render.yaml", "*procfile", "*earthfile"),
)
_HOOK_FOLDERS: Final = frozenset({".husky", ".githooks", "githooks", "git-hooks", ".git-hooks"})
# githooks(5), and the files of programs that manage hooks.
_HOOKS: Final = re.compile(
    r"(?:applypatch-msg|commit-msg|fsmonitor-watchman|post-(?:applypatch|checkout|commit|index-change|merge|receive"
    r"|rewrite|update)|pre-(?:applypatch|auto-gc|commit|merge-commit|push|rebase|receive)|prepare-commit-msg"
    r"|proc-receive|push-to-checkout|reference-transaction|sendemail-validate)(?:\.sh)?"
    r"|\.?lefthook\..*|\.pre-commit-(?:config|hooks)\.ya?ml|\.?lint-?staged.*|\.?overcommit\.yml"
)
_LOCK_FILES: Final = re.compile(
    r".*\.lock|.*\.lockb|.*\.lockfile|.*-lock\.(?:json|ya?ml)|npm-shrinkwrap\.json|go\.sum|packages\.lock\.json"
    r"|package\.resolved|.*\.terraform\.lock\.hcl"
)
# Manifests and scripts that installing, building or starting run; a `*.config.js` is a program of the build.
_BUILD_FILES: Final = re.compile(
    r"package\.json|deno\.jsonc?|bower\.json|composer\.json|lerna\.json|nx\.json|turbo\.json|binding\.gyp"
    r"|.*\.config\.[cm]?[jt]s|gruntfile.*|gulpfile.*|webpack\..*|setup\.(?:py|cfg)|pyproject\.toml|noxfile\.py"
    r"|(?:.*-)?requirements.*\.(?:txt|in)|constraints.*\.txt|pipfile|environment\.ya?ml|(?:site|user)customize\.py"
    r"|.*\.pth|gemfile|rakefile|.*\.gemspec|cargo\.toml|build\.rs|go\.(?:mod|work)|pom\.xml|.*\.gradle(?:\.kts)?"
    r"|gradlew.*|mvnw.*|build\.(?:xml|sbt)|mix\.exs|pubspec\.yaml|podfile|package\.swift|.*\.(?:cs|fs|vb)proj|.*\.sln"
    r"|directory\.build\..*|nuget\.config|(?:gnu)?makefile.*|.*\.mk|cmakelists\.txt|.*\.cmake|meson\.build|configure"
    r"|justfile|taskfile\..*|sconstruct|build(?:\.bazel)?|workspace(?:\.bazel)?|.*\.bzl|.*dockerfile.*"
    r"|(?:docker-)?compose.*\.ya?ml|vagrantfile|.*\.tf(?:vars)?|.*\.nix"
)
_AGENT_FILES: Final = re.compile(r"(?:claude|agents?|gemini|copilot-instructions|skill|warp|conventions)(?:\..*)?\.md")
_TEST_FOLDERS: Final = frozenset(
    {"test", "tests", "testing", "__tests__", "spec", "e2e", "cypress", "playwright"}
    | {"__snapshots__", "__mocks__", "testdata", "test_data", "test-data"}
)
_TEST_FILES: Final = re.compile(
    r"(?i:test_.*|.*_test\.\w+|.*_spec\.\w+|.*\.(?:test|spec|cy|e2e)\.\w+|.*\.(?:feature|snap|ambr|golden)"
    r"|.*\.approved\.\w+)|.*(?:Tests?|Spec)\.(?:java|kt|scala|groovy|cs|swift|php)"
)
# These decide which tests run and how: a new one may switch all others off.
_TEST_SETUP: Final = re.compile(
    r"conftest\.py|pytest\.ini|tox\.ini|phpunit\.xml.*|karma\.conf\..*|(?:jest|vitest|playwright|cypress|wdio)\..*"
    r"|(?:spec|test)_helper\.rb|setup-?tests?\.\w+|jest[-.]setup\..*|vitest[-.]setup\..*|babel\.config\..*"
)
_GIT_FILES: Final = frozenset({".gitattributes", ".gitmodules", ".gitconfig", ".mailmap", ".lfsconfig"})
# `.git` by the names under which Windows and macOS know it too (git's own protectNTFS and protectHFS).
_GIT_FOLDER: Final = re.compile(r"\.git(?:[ .]*|::.*)|git~\d+", re.DOTALL)
_IGNORED_BY_HFS: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def is_outside(path: str) -> bool:
    """Whether a path is no plain relative one that stays where it starts, on any system."""
    parts = path.split("/")
    return not path or "\\" in path or "\0" in path or ":" in parts[0] or any(part in {"", ".", ".."} for part in parts)


def is_gits(path: str) -> bool:
    """Whether git reads the path for its own purposes."""
    parts = [_IGNORED_BY_HFS.sub("", part).lower() for part in path.split("/")]
    return any(_GIT_FOLDER.fullmatch(part) for part in parts) or parts[-1] in _GIT_FILES


def location_codes(path: str, *, exists: bool) -> list[RefusalCode]:
    """Whose file it is, where that is not the app's; `exists` says that it was there before."""
    lower = path.lower()
    *folders, name = lower.split("/")
    found = {
        RefusalCode.CI_OR_WORKFLOW: any(fnmatchcase(lower, pattern) for pattern in _CI),
        RefusalCode.HOOK: bool(_HOOK_FOLDERS & {*folders} or _HOOKS.fullmatch(name)),
        RefusalCode.LOCK_FILE: bool(_LOCK_FILES.fullmatch(name)),
        RefusalCode.BUILD_FILE: bool(_BUILD_FILES.fullmatch(name)),
        RefusalCode.AGENT_INSTRUCTIONS: bool(_AGENT_FILES.fullmatch(name)),
        RefusalCode.TEST_CHANGED: bool(_TEST_SETUP.fullmatch(name))
        or (exists and _is_test(folders, path.rpartition("/")[2])),
        RefusalCode.DOTFILE: any(part.startswith(".") for part in (*folders, name)),
    }
    return [code for code, is_so in found.items() if is_so]


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern of the configuration names a file, a folder it is in, or both with `*` for any characters."""
    return any(
        path == pattern or path.startswith(f"{pattern.rstrip('/')}/") or fnmatchcase(path, pattern)
        for pattern in patterns
        if pattern
    )


def _is_test(folders: list[str], name: str) -> bool:
    return bool(_TEST_FOLDERS & {*folders} or _TEST_FILES.fullmatch(name))
