"""What the gate admits and what it refuses, by what a patch changes."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.fix_prs.gate import policy_of, refusals
from retrace_assets.fix_prs.refusal import RefusalCode
from retrace_core.patch import ABSENT, LINK, SUBMODULE, FileChange
from retrace_resources.settings_schema import Fix

POLICY = policy_of(Fix())


def modified(path: str, *lines: str | bytes, mode: str = "100644", **fields: object) -> FileChange:
    return change(path, "modified", lines, old_mode="100644", new_mode=mode, **fields)


def added(path: str, *lines: str | bytes, mode: str = "100644", **fields: object) -> FileChange:
    return change(path, "added", lines, new_mode=mode, **fields)


def deleted(path: str) -> FileChange:
    return change(path, "deleted", (), old_mode="100644", removed=1)


def change(path: str, kind: str, lines: tuple[str | bytes, ...], **fields: object) -> FileChange:
    texts = tuple(line if isinstance(line, bytes) else line.encode() for line in lines)
    return FileChange(path=path, kind=kind, added_lines=texts, **{"added": len(lines), **fields})


def codes(*changes: FileChange, fix: Fix | None = None, existing: tuple[str, ...] = ()) -> list[str]:
    policy = policy_of(fix) if fix else POLICY
    return [refusal.code.value for refusal in refusals(changes, policy, existing)]


FIX = modified("src/cart.js", "  items.push(item)", removed=1)


def test_a_small_change_of_the_source_is_admitted() -> None:
    assert codes(FIX, added("src/sum.js", "export const sum = (a, b) => a + b")) == []


def test_a_new_test_is_admitted() -> None:
    assert codes(FIX, added("tests/test_cart.py", "def test_it(): ..."), added("src/cart.test.js", "test('x')")) == []


@pytest.mark.parametrize(
    "path",
    [
        *(
            "src/hooks/useCart.ts",
            "src/features/cart/slice.js",
            "app/models/latest.php",
            "src/contest.java",
            "lib/hook.js",
        ),
        *("src/lockers/lock.js", "src/building.js", "docs/agents-of-change.md", "src/specs/list.js", "src/ci.js"),
        *("web/index.html", "src/styles/site.css", "server/app.py", "cmd/main.go", "src/git/commit.ts", "Main.java"),
    ],
)
def test_source_that_is_called_a_little_like_something_else_is_admitted(path: str) -> None:
    assert codes(modified(path, "x")) == []


def test_no_change_is_refused() -> None:
    assert codes() == ["empty_patch"]


def test_sizes_are_bounded() -> None:
    fix = Fix(most_files=2, most_lines=10)
    assert codes(*(modified(f"src/{name}.js", "x") for name in "ab"), fix=fix) == []
    assert codes(*(modified(f"src/{name}.js", "x") for name in "abc"), fix=fix) == ["too_many_files"]
    assert codes(modified("src/a.js", *["x"] * 6, removed=4), fix=fix) == []
    assert codes(modified("src/a.js", *["x"] * 6, removed=5), fix=fix) == ["too_large"]
    assert codes(modified("src/a.js", "x" * 2_001), fix=fix) == ["too_large"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        *(
            (path, "ci_or_workflow")
            for path in (".github/workflows/ci.yml", ".gitlab-ci.yml", "Jenkinsfile", ".ci/run")
        ),
        *((path, "ci_or_workflow") for path in ("CODEOWNERS", "docs/CODEOWNERS", "netlify.toml", "tool/action.yml")),
        *((path, "hook") for path in (".husky/pre-commit", "githooks/any", "scripts/pre-push", "lefthook.yml")),
        *(
            (path, "lock_file")
            for path in ("package-lock.json", "web/yarn.lock", "pnpm-lock.yaml", "go.sum", "uv.lock")
        ),
        *((path, "build_file") for path in ("package.json", "web/package.json", "setup.py", "Makefile", "Dockerfile")),
        *((path, "build_file") for path in ("vite.config.ts", "requirements-dev.txt", "pom.xml", "sitecustomize.py")),
        *((path, "dotfile") for path in (".env", ".vscode/settings.json", "src/.eslintrc", ".npmrc")),
        *((path, "agent_instructions") for path in ("CLAUDE.md", "docs/AGENTS.md", "GEMINI.md", "CLAUDE.local.md")),
        *(
            (path, "test_changed")
            for path in ("conftest.py", "jest.config.js", "web/pytest.ini", "spec/spec_helper.rb")
        ),
    ],
)
def test_what_is_no_source_of_the_app_is_refused_new_and_old(path: str, code: str) -> None:
    for one in (added(path, "x"), modified(path, "x"), deleted(path)):
        assert code in codes(one)
    # Names are the same to Windows and macOS whatever their case.
    assert code in codes(added(path.upper(), "x"))


@pytest.mark.parametrize(
    "path",
    [
        *("tests/test_cart.py", "src/cart.test.ts", "src/__snapshots__/cart.snap", "e2e/buy.js", "cart_test.go"),
        *("src/CartTest.java", "cypress/fixtures/cart.json", "spec/cart_spec.rb", "features/cart.feature"),
    ],
)
def test_an_existing_test_is_not_the_fixs_to_change(path: str) -> None:
    assert codes(modified(path, "x")) == ["test_changed"]
    assert codes(deleted(path)) == ["test_changed"]
    assert codes(added(path, "x")) == []


def test_the_tests_that_judge_are_not_touched_at_all() -> None:
    for one in (added("tests/retrace/new.spec.ts", "x"), modified("Tests/Retrace/INC-1.json", "x")):
        assert "spec_changed" in codes(one, fix=Fix(allow_paths=("*",)))


def test_a_person_opens_and_closes_paths() -> None:
    opened = Fix(allow_paths=("package.json", "docs/", "*.lock"), deny_paths=("src/billing/", "*.lock"))
    assert codes(modified("package.json", "x"), modified("docs/.hidden/a", "x"), fix=opened) == []
    assert codes(modified("web/package.json", "x"), fix=opened) == ["build_file"]
    assert codes(modified("src/Billing/tax.js", "x"), fix=opened) == ["denied_path"]
    assert codes(modified("web/yarn.lock", "x"), fix=opened) == ["denied_path"]


EVERYTHING = Fix(allow_paths=("*",))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        *(
            (path, "outside_repository")
            for path in ("../a", "/etc/passwd", "a/../../b", "a//b", "C:/a", "a\\b", "", "./a")
        ),
        *(
            (path, "git_internals")
            for path in (".git/config", "a/.GIT/hooks/x", ".git./x", "git~1/x", ".gitattributes")
        ),
        *((path, "git_internals") for path in (".gitmodules", ".g\u200cit/config", ".git::$INDEX_ALLOCATION/x")),
        *((path, "hidden_characters") for path in ("a\nb", "a\tb", "cart\u202egnp.js", "\u200bsrc")),
        *((path, "not_utf8") for path in ("caf\udce9.js", "\udcff")),
    ],
)
def test_a_path_that_is_none_of_the_repositorys_is_refused_whatever_is_allowed(path: str, code: str) -> None:
    assert code in codes(added(path, "x"), fix=EVERYTHING)


def test_kinds_of_files_that_cannot_be_reviewed_are_refused_whatever_is_allowed() -> None:
    assert codes(added("a", "/etc", mode=LINK), fix=EVERYTHING) == ["symlink"]
    assert codes(change("a", "modified", (), old_mode=LINK, new_mode="100644"), fix=EVERYTHING) == ["symlink"]
    assert codes(added("a", mode=SUBMODULE), fix=EVERYTHING) == ["submodule"]
    assert codes(modified("a", mode="100755"), fix=EVERYTHING) == ["mode_change"]
    assert codes(change("a", "modified", (), old_mode="100755", new_mode="100644"), fix=EVERYTHING) == ["mode_change"]
    assert codes(added("a", "x", mode="100755"), fix=EVERYTHING) == ["mode_change"]
    assert codes(added("a.png", is_binary=True), fix=EVERYTHING) == ["binary"]
    assert codes(deleted("a"), fix=EVERYTHING) == []


@pytest.mark.parametrize(
    "line",
    [
        *("const t = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'", "key: AKIAIOSFODNN7EXAMPLE"),
        *("-----BEGIN RSA PRIVATE KEY-----", 'API_KEY = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"'),
        *("fetch('http://user:hunter2@localhost/')", "token: 'sk-proj-abcdefghijklmnop1234'"),
    ],
)
def test_secrets_are_refused(line: str) -> None:
    assert "secret_added" in codes(modified("src/a.js", "x", line), fix=EVERYTHING)


@pytest.mark.parametrize(
    "line",
    [
        *("const token = getToken()", "password: string;", "if (token === null) return", "csrfToken: csrf,"),
        *("const apiKey = process.env.API_KEY", "<input type='password' name='password'>", "author: 'a@example.com'"),
        *("passwordLabel: 'Please enter your new password again'", "cookie = 'theme=dark'", "sum(1111, 2222)"),
    ],
)
def test_code_that_is_about_secrets_is_none(line: str) -> None:
    assert codes(modified("src/a.js", line)) == []


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x1b", "\u2028", "\U000e0041"])
def test_characters_that_deceive_are_refused(character: str) -> None:
    (refusal,) = refusals([modified("src/a.js", "x", f"if (admin{character}) {{")], POLICY)
    assert (refusal.code, refusal.why) == (
        RefusalCode.HIDDEN_CHARACTERS,
        f"U+{ord(character):04X} in added line 2",
    )


def test_writing_of_any_language_is_admitted() -> None:
    lines = ("\tnaïve = 'Grüße'\r", "'日本語'", "'مرحبا'", "'שלום'", "'می\u200cخواهم'", "'👩\u200d💻 ☑️'")
    assert codes(modified("src/a.js", *lines)) == []


def test_a_carriage_return_within_a_line_hides_what_is_before_it() -> None:
    assert codes(modified("src/a.js", "evil()\rgood()")) == ["hidden_characters"]


def test_what_is_no_utf8_is_refused() -> None:
    assert codes(modified("src/a.js", b"caf\xe9")) == ["not_utf8"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        *((line, "program_call") for line in ("require('child_process')", "os.system(cmd)", "eval(text)")),
        *((line, "program_call") for line in ("subprocess.run(args)", "new Function(body)", "Runtime.getRuntime()")),
        *((line, "network_address") for line in ("fetch('https://evil.io/x')", '<script src="//cdn.evil.io/x.js">')),
    ],
)
def test_new_ways_out_of_the_app_need_a_persons_word(line: str, code: str) -> None:
    assert codes(modified("src/a.js", line)) == [code]
    assert codes(modified("src/a.js", line), fix=Fix(allow_paths=("src/a.js",))) == []
    kept = replace_lines(modified("src/a.js", f"if (ok) {line}"), removed=line)
    assert codes(kept) == []


def replace_lines(one: FileChange, removed: str) -> FileChange:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return FileChange(**{**fields, "removed": 1, "removed_lines": (removed.encode(),)})


@pytest.mark.parametrize(
    "line",
    [
        *("const found = /a/.exec(text)", "fetch('/api/cart')", "// a comment", "xmlns='http://www.w3.org/2000/svg'"),
        *("url = 'http://localhost:3000/x'", "see https://example.com/docs", "evaluate(x)", "import os", "a // b"),
    ],
)
def test_code_that_goes_nowhere_is_admitted(line: str) -> None:
    assert codes(modified("src/a.js", line)) == []


def test_names_that_are_one_where_case_does_not_count_are_refused() -> None:
    assert codes(added("src/Cart.js", "x"), existing=("src/cart.js",)) == ["name_collision"]
    assert codes(added("Src/other.js", "x"), existing=("src/cart.js",)) == ["name_collision"]
    assert codes(added("a.js", "x"), added("A.js", "x")) == ["name_collision"]
    decomposed = unicodedata.normalize("NFD", "é.js")
    assert codes(added(decomposed, "x"), existing=("é.js",)) == ["name_collision"]
    assert codes(deleted("src/cart.js"), added("src/Cart.js", "x"), existing=("src/cart.js",)) == []
    assert codes(added("src/new.js", "x"), existing=("src/cart.js", "src/Cart.js")) == []


def test_every_reason_is_given_not_the_first_alone() -> None:
    found = refusals([added("../.env", "AKIAIOSFODNN7EXAMPLE", mode="100755"), added("CLAUDE.md", "x")], POLICY)
    assert {refusal.code.value for refusal in found if refusal.path == "../.env"} == {
        "outside_repository",
        "dotfile",
        "mode_change",
        "secret_added",
    }
    assert [refusal.code.value for refusal in found if refusal.path == "CLAUDE.md"] == ["agent_instructions"]


def test_every_code_has_a_sentence_of_its_own() -> None:
    sentences = [code.sentence for code in RefusalCode]
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


PATHS = st.text(max_size=12) | st.lists(st.sampled_from([".git", "..", "src", "a.js", "", ".", "Ä", "x\\y"])).map(
    "/".join
)
MODES = st.sampled_from([ABSENT, "100644", "100755", LINK, SUBMODULE])
CHANGES = st.lists(
    st.builds(
        FileChange,
        path=PATHS,
        kind=st.sampled_from(["added", "modified", "deleted"]),
        old_mode=MODES,
        new_mode=MODES,
        is_binary=st.booleans(),
        added=st.integers(0, 5),
        removed=st.integers(0, 5),
        added_lines=st.lists(st.binary(max_size=20), max_size=3).map(tuple),
    ),
    max_size=4,
)


@given(CHANGES)
def test_nothing_makes_the_gate_fail_and_what_it_says_can_be_kept(changes: list[FileChange]) -> None:
    for refusal in refusals(changes, POLICY, ["src/a.js"]):
        for text in (refusal.path, refusal.why):
            text.encode()
            assert "\n" not in text


@given(CHANGES)
def test_what_is_admitted_is_plain_text_at_a_plain_path(changes: list[FileChange]) -> None:
    if refusals(changes, policy_of(EVERYTHING)):
        return
    for one in changes:
        assert not one.is_binary
        assert {one.old_mode, one.new_mode} <= {ABSENT, "100644", "100755"}
        assert one.path.encode()
        assert not one.path.startswith("/")
        assert not {"..", ".git", "", "."} & {*one.path.lower().split("/")}
        for line in one.added_lines:
            assert not any(unicodedata.category(character) in {"Zl", "Zp"} for character in line.decode())


@given(CHANGES, CHANGES)
def test_more_changes_are_never_fewer_reasons(some: list[FileChange], more: list[FileChange]) -> None:
    if some:
        known = {(refusal.code, refusal.path) for refusal in refusals(some, POLICY)}
        assert known <= {(refusal.code, refusal.path) for refusal in refusals([*some, *more], POLICY)} | {
            (RefusalCode.NAME_COLLISION, refusal_path) for _, refusal_path in known
        }


@given(st.sampled_from(["src/a.js", "src/deep/b.ts"]), st.text(alphabet="abc (){};=.\t", max_size=40))
def test_allowing_a_path_never_adds_a_reason(path: str, line: str) -> None:
    strict = refusals([modified(path, line)], POLICY)
    allowed = refusals([modified(path, line)], replace(POLICY, allow_paths=("src/",)))
    assert {each.code for each in allowed} <= {each.code for each in strict}
