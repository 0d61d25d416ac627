"""A run that says nothing of the bug says why; what it leaves is complete and holds no secret."""

import base64
import hashlib
import json
import os
import signal
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psutil
import pytest

from retrace_app.supervisor.programs import free_port
from retrace_core.test_run import TestRun
from retrace_resources.engine.engine import Engine
from retrace_resources.engine.options import RunOptions
from tests.retrace_resources.engine.apps import PASSWORD
from tests.retrace_resources.engine.conftest import Run, button, on, said, spec_of

pytestmark = pytest.mark.slow

POSTED = {"type": "request_succeeds", "method": "POST", "path": "/api/:id", "after": "step-1"}
LOG_OUT = {"landmark": {"by": "role", "value": "button", "name": "Log out"}}
FORM = {"auth_mode": "form", "auth_login_url": "/login", "auth_username": "ada", "auth_password_env": "WORD"}


def ended(run: TestRun) -> tuple[str, str | None]:
    return run.verdict, run.reason


def test_app_that_does_not_run_is_down(engine: Engine, tmp_path: Path) -> None:
    found = engine.run(spec_of("plain"), RunOptions(app_url=f"http://127.0.0.1:{free_port()}"), "run-1", tmp_path)

    assert ended(found) == ("inconclusive", "app_down")
    assert found.failure_class == "environment"


def test_app_that_answers_503_is_down(run: Run) -> None:
    assert ended(run("/down")) == ("inconclusive", "app_down")


def test_app_that_never_answers_is_down(run: Run) -> None:
    assert ended(run("/hangs", options={"first_page_ms": 800})) == ("inconclusive", "app_down")


def test_login_wall_is_a_wrong_start(run: Run) -> None:
    found = run("/private", asserts=said("Yours"), start=LOG_OUT, options={"first_page_ms": 1_000})

    assert ended(found) == ("inconclusive", "wrong_start_state")
    assert "asks for a login" in found.detail


def test_wrong_account_is_a_wrong_start(run: Run) -> None:
    admin = {"landmark": {"by": "role", "value": "link", "name": "Administration"}, "account": "admin"}

    found = run("plain", asserts=said("Words"), start=admin, options={"first_page_ms": 1_000})

    assert ended(found) == ("inconclusive", "wrong_start_state")
    assert "'admin' was logged in" in found.detail


def test_login_by_form(run: Run) -> None:
    found = run("/private", asserts=said("Yours"), start=LOG_OUT, options={"values": {"WORD": PASSWORD}}, **FORM)

    assert ended(found) == ("not_reproduced", None)


def test_login_with_a_wrong_password_fails(run: Run) -> None:
    found = run("/private", asserts=said("Yours"), options={"values": {"WORD": "wrong"}}, **FORM)

    assert ended(found) == ("inconclusive", "login_failed")
    assert "wrong" not in found.detail


def test_login_by_token(run: Run) -> None:
    jwt = {"auth_mode": "jwt", "auth_jwt_env": "TOKEN"}

    assert ended(run("/private", asserts=said("Yours"), options={"values": {"TOKEN": "abc"}}, **jwt)) == (
        "not_reproduced",
        None,
    )


def test_login_by_headers(run: Run) -> None:
    headers = {"auth_mode": "headers", "auth_headers_env": "HEADERS"}
    values = {"HEADERS": '{"Authorization": "Basic abc"}'}

    assert ended(run("/private", asserts=said("Yours"), options={"values": values}, **headers)) == (
        "not_reproduced",
        None,
    )


@pytest.mark.parametrize("mode", ["form", "jwt", "headers"])
def test_login_without_its_secret_names_the_variable(mode: str, run: Run) -> None:
    found = run(
        "/private",
        auth_mode=mode,
        auth_login_url="/login",
        auth_password_env="V",
        auth_jwt_env="V",
        auth_headers_env="V",
    )

    assert ended(found) == ("inconclusive", "missing_input")
    assert "V" in found.detail


def test_input_without_a_value_names_the_variable(run: Run) -> None:
    step = on("fill", "label", "Password", text="{{ word }}")

    found = run("secret", step, inputs={"word": {"kind": "password", "env": "MY_WORD"}})

    assert ended(found) == ("inconclusive", "missing_input")
    assert "MY_WORD" in found.detail


def test_element_that_is_gone_is_a_lost_locator(run: Run) -> None:
    assert ended(run("plain", button("Pay"))) == ("inconclusive", "locator_lost")


def test_path_that_was_there_on_another_build_is_gone_with_the_bug(run: Run) -> None:
    found = run("plain", button("Pay"), options={"red_elsewhere": True})

    assert ended(found) == ("inconclusive", "path_only_with_bug")


def test_page_that_hangs_ends_the_run(run: Run) -> None:
    found = run("busy", button("Hang"), asserts={"type": "has_effect", "after": "step-1"}, options={"step_ms": 800})

    assert found.verdict == "inconclusive"


def test_run_that_takes_too_long_is_stopped(run: Run) -> None:
    found = run("plain", button("Pay"), options={"deadline_ms": 0})

    assert ended(found) == ("inconclusive", "timed_out")


def test_what_may_go_away_by_itself_is_tried_again(run: Run) -> None:
    found = run("/hangs", options={"first_page_ms": 300, "retries": 2})

    assert (found.attempts, found.flaky) == (3, False)


def test_lost_locator_is_not_tried_again(run: Run) -> None:
    assert run("plain", button("Pay"), options={"retries": 2}).attempts == 1


def test_other_hosts_are_not_called(run: Run, tmp_path: Path) -> None:
    run("asks", button("Abroad"), asserts=said("refused"))

    entries = json.loads((tmp_path / "run" / "network.har").read_text())["log"]["entries"]
    abroad = [each["response"] for each in entries if "elsewhere" in each["request"]["url"]]
    assert [each["statusText"].startswith("net::ERR_BLOCKED_BY_CLIENT") for each in abroad] == [True]


def test_artifacts_are_named_with_their_hashes(run: Run, tmp_path: Path) -> None:
    found = run("asks", button("Fail"), asserts=POSTED)

    folder = tmp_path / "run"
    assert {each.kind for each in found.artifacts} == {"trace", "screenshot", "console", "har", "step_log"}
    for each in found.artifacts:
        content = (folder / each.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each.bytes, each.sha256)
    assert msgspec.json.decode((folder / "run.json").read_bytes(), type=TestRun) == found
    assert {path.name for path in folder.iterdir()} == {"run.json", *(each.path for each in found.artifacts)}
    assert "trace.trace" in zipfile.ZipFile(folder / "trace.zip").namelist()


def test_secret_that_was_typed_is_in_no_artifact(run: Run, tmp_path: Path) -> None:
    word = "tide tables & 9 knots"
    steps = [on("fill", "label", "Password", text="{{ word }}"), button("Send")]

    found = run("secret", *steps, inputs={"word": {"kind": "password", "env": "W"}}, options={"values": {"W": word}})

    assert found.verdict == "not_reproduced"
    everything = b"".join(path.read_bytes() for path in (tmp_path / "run").iterdir()).decode("latin-1")
    for spelled in (word, "tide%20tables", "tide+tables"):
        assert spelled not in everything


def test_a_test_card_that_stands_in_the_test_is_no_secret_and_the_trace_is_kept(run: Run) -> None:
    step = on("fill", "label", "Password", text="{{ card }}")

    found = run("secret", step, inputs={"card": {"kind": "secret", "env": "CARD", "example": "4242 4242 4242 4242"}})

    assert "trace" in {each.kind for each in found.artifacts}


def test_hermetic_run_needs_the_app_only_for_what_is_asserted(run: Run, tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    steps = [{"action": "navigate", "url": "/pages/asks"}, button("Work")]
    asserted = {**POSTED, "after": "step-2"}
    first = run("plain", *steps, asserts=asserted, options={"hermetic": answers})
    kept = json.loads(answers.read_text())

    assert first.hermetic
    assert ended(first) == ("not_reproduced", None)
    assert set(kept) == {"GET /pages/asks", "GET /pages/plain"}

    kept["GET /pages/plain"][0]["body"] = base64.b64encode(b"<h1>Stubbed</h1>").decode()
    answers.write_text(json.dumps(kept))
    stubbed = {"type": "visible", "locator": {"by": "text", "value": "Stubbed"}}
    steps[0]["before"] = [stubbed]
    second = run("plain", *steps, asserts=asserted, options={"hermetic": answers})
    assert ended(second) == ("not_reproduced", None)


def test_browser_that_dies_ends_the_run_and_is_not_tried_again(app: str, tmp_path: Path) -> None:
    before = _children()

    def run_and_kill() -> tuple[TestRun, bool]:
        with Engine() as engine:
            killing = threading.Timer(2, lambda: [os.kill(pid, signal.SIGKILL) for pid in _browsers() - before])
            killing.start()
            spec = spec_of("plain", {"action": "wait_for", "before": [{"type": "at_path", "path": "/elsewhere"}]})
            options = RunOptions(app_url=app, step_ms=60_000, retries=2)
            return engine.run(spec, options, "run-1", tmp_path), engine.runs

    with ThreadPoolExecutor(1) as pool:
        found, runs = pool.submit(run_and_kill).result()

    assert ended(found) == ("inconclusive", "browser_crashed")
    assert (found.attempts, runs) == (1, False)


def test_nothing_is_left_running(app: str, tmp_path: Path) -> None:
    def run_and_look() -> tuple[set[int], set[int]]:
        with Engine() as engine:
            engine.run(spec_of("plain"), RunOptions(app_url=app), "run-1", tmp_path)
            during = _children()
        return during, _children()

    before = _children()
    # Playwright drives one browser a thread, and the tests' own is driven in this one.
    with ThreadPoolExecutor(1) as pool:
        during, after = pool.submit(run_and_look).result()

    assert during - before
    assert not after - before


def _children() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True) if _is_alive(each)}


def _browsers() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True) if "chrom" in each.name()}


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # it ended between the listing and the question
        return False
