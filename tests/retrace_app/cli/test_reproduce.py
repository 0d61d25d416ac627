"""From an incident to a proof, as a person types it, on the real shop."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retrace_app.actions.incidents import list_incidents
from retrace_app.cli import main
from retrace_app.cli.options import read_settings
from retrace_app.demo.run import seed
from retrace_app.demo.shop_server import running_shop
from retrace_app.supervisor.programs import free_port
from retrace_resources.lake import Lake
from tests.retrace_app.cli.conftest import SOURCE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the incidents of the stored visits."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("RETRACE_HOME", str(home))
        patch.setenv("COLUMNS", "120")
        seed(read_settings(None), lambda *_: None)
        yield home


@pytest.fixture(scope="module")
def incident(home: Path) -> str:
    """The incident of the order that is not taken."""
    return next(name for name, title in titles().items() if title.startswith("POST /api/orders"))


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    with running_shop(["all"]) as address:
        yield address


@pytest.fixture(scope="module")
def whole() -> Iterator[str]:
    with running_shop() as address:
        yield address


@pytest.fixture(scope="module")
def proven(incident: str, broken: str, whole: str) -> str:
    """The incident, run twice on either build, with its certificate."""
    assert main(["qa", "reproduce", incident, "--app-url", broken, "--build", "broken", "--times", "2"]) == 0
    assert main(["tester", "run", spec_of(incident), "--app-url", whole, "--build", "whole", "--times", "2"]) == 0
    assert main(["qa", "certificate", incident, "--times", "2"]) == 0
    return incident


def titles() -> dict[str, str]:
    with Lake(read_settings(None).home) as lake:
        return {each.public_id: each.title for each in list_incidents(lake)}


def spec_of(incident: str) -> str:
    return f"{incident.lower()}-ui"


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code of a command with `--json`, and what it printed."""
    capsys.readouterr()
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that must fail says."""
    capsys.readouterr()
    assert main(list(arguments)) not in {0, 4}
    return " ".join(capsys.readouterr().err.split())


def test_a_proof_names_both_builds_and_verifies(proven: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, certificate = ask(capsys, "qa", "certificate", proven, "--verify")
    assert code == 0
    assert certificate["red"]["build"] == "broken"
    assert certificate["green"]["build"] == "whole"
    assert len(certificate["red"]["runs"]) == len(certificate["green"]["runs"]) == 2


def test_the_queue_says_what_the_runs_came_to(proven: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown = ask(capsys, "qa", "show", proven)
    assert shown["repro_status"] == "confirmed"
    assert shown["repro_summary"] == "red 2/2 on broken; green 2/2 on whole"


def test_five_runs_a_side_are_not_two(proven: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "qa", "certificate", proven)
    assert "red 2 of 5 times in a row" in said
    assert "green 2 of 5 times in a row" in said


def test_a_proof_whose_run_was_touched_is_none(proven: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, certificate = ask(capsys, "qa", "certificate", proven, "--verify")
    record = home / certificate["red"]["runs"][0]["run_dir"] / "run.json"
    before = record.read_bytes()
    try:
        record.write_bytes(before.replace(b'"reproduced"', b'"not_reproduced"'))
        said = refused(capsys, "qa", "certificate", proven, "--verify")
    finally:
        record.write_bytes(before)
    assert "certificate_invalid" in said
    assert main(["qa", "certificate", proven, "--verify"]) == 0


def test_each_run_has_its_steps_and_artifacts(proven: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, rows = ask(capsys, "tester", "runs", spec_of(proven))
    assert {row["verdict"] for row in rows} == {"reproduced", "not_reproduced"}
    code, run = ask(capsys, "tester", "runs", rows[0]["run_id"])
    assert code == 0
    assert all(step["ok"] for step in run["steps"])
    folder = home / rows[0]["run_dir"]
    assert {artifact["path"] for artifact in run["artifacts"]} <= {path.name for path in folder.iterdir()}


def test_an_app_that_is_not_there_says_nothing_of_the_bug(proven: str, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    code, done = ask(capsys, "tester", "run", spec_of(proven), "--app-url", nowhere, "--build", "gone")
    assert (code, done["verdict"], done["reason"]) == (4, "inconclusive", "app_down")


def test_the_app_is_started_for_the_test_and_stopped_after(proven: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    start = f"cd {SOURCE} && exec {sys.executable} -m examples.shop --port {port} --faults all"
    code, done = ask(
        capsys, "qa", "reproduce", proven, "--app-url", f"http://127.0.0.1:{port}", "--start-cmd", start, "--build", "x"
    )
    assert (code, done["verdict"]) == (0, "reproduced")
    code, done = ask(capsys, "tester", "run", spec_of(proven), "--app-url", f"http://127.0.0.1:{port}")
    assert (code, done["reason"]) == (4, "app_down")


def test_a_command_that_starts_no_app_is_refused_with_its_last_words(
    proven: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    start = "echo no such database >&2; exit 7"
    said = refused(capsys, "tester", "run", spec_of(proven), "--app-url", url, "--start-cmd", start)
    assert "app_not_started" in said
    assert "no such database" in said


def test_a_test_that_needs_an_account_says_which_variable(
    home: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = next(name for name, title in titles().items() if "/api/account/orders" in title)
    code, done = ask(capsys, "qa", "reproduce", incident, "--app-url", broken, "--build", "broken")
    assert (code, done["reason"]) == (4, "missing_input")
    assert "RETRACE_TESTER_" in done["detail"]


def test_an_incident_nobody_knows_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "incident_not_found" in refused(capsys, "qa", "reproduce", "INC-ZZZZZZ")


def test_an_incident_is_known_by_its_issue_too_however_it_is_written(
    incident: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, shown = ask(capsys, "qa", "show", incident)
    for name in (incident.lower(), shown["issue_ids"][0]):
        assert ask(capsys, "tester", "from-replay-issue", name)[1]["spec_id"] == spec_of(incident)


@pytest.fixture
def edited(proven: str, home: Path) -> Iterator[Path]:
    """The file of the test, with another window than the recording's; put back in the end."""
    path = home / "ui-tests" / "specs" / f"{spec_of(proven)}.json"
    generated = path.read_bytes()
    spec = json.loads(generated)
    spec["start"]["viewport"] = [800, 600]
    path.write_text(json.dumps(spec))
    yield path
    path.write_bytes(generated)
    assert main(["tester", "from-replay-issue", proven]) == 0


def test_a_persons_edit_stays_and_nothing_is_proposed_that_is_not_new(proven: str, edited: Path) -> None:
    assert main(["tester", "from-replay-issue", proven]) == 0
    assert json.loads(edited.read_bytes())["start"]["viewport"] == [800, 600]
    assert main(["tester", "accept", edited.stem]) != 0


def test_a_new_version_is_laid_beside_the_edit_until_it_is_accepted(
    proven: str, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRACE_TESTER__APP_URL", "http://127.0.0.1:3999")
    assert main(["tester", "from-replay-issue", proven]) == 0
    assert json.loads(edited.read_bytes())["start"]["viewport"] == [800, 600]
    assert main(["tester", "accept", edited.stem]) == 0
    accepted = json.loads(edited.read_bytes())
    assert accepted["app_url"] == "http://127.0.0.1:3999"
    assert accepted["start"]["viewport"] != [800, 600]


def test_a_lost_locator_is_found_by_its_fallback_and_healed_on_request(
    proven: str, broken: str, edited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = json.loads(edited.read_bytes())
    spec["start"]["viewport"] = [1280, 800]
    step = next(step for step in spec["exact_steps"] if step["action"] == "click")
    good = step["locator"]
    step["locator"], step["fallbacks"] = {"by": "test_id", "value": "gone"}, [good]
    edited.write_text(json.dumps(spec))
    _, done = ask(capsys, "tester", "run", edited.stem, "--app-url", broken, "--build", "broken")
    assert done["verdict"] == "reproduced"
    assert [healed["step_id"] for healed in done["runs"][0]["healed"]] == [step["id"]]
    assert main(["tester", "heal", edited.stem]) == 0
    mended = next(each for each in json.loads(edited.read_bytes())["exact_steps"] if each["id"] == step["id"])
    assert mended["locator"]["value"] == good["value"]
    assert "run_not_found" in refused(capsys, "tester", "heal", edited.stem)


def test_a_needless_step_goes_and_what_the_form_needs_stays(
    proven: str, broken: str, whole: str, edited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = json.loads(edited.read_bytes())
    spec["start"]["viewport"] = [1280, 800]
    needless = {"action": "hover", "id": "needless", "locator": spec["start"]["landmark"]}
    spec["exact_steps"].insert(1, needless)
    edited.write_text(json.dumps(spec))
    places = ("--app-url", broken, "--green-url", whole)
    code, done = ask(capsys, "tester", "minimise", edited.stem, *places, "--tries", "6")
    assert code == 0
    assert "needless" in done["dropped"]
    kept = json.loads(edited.read_bytes())["exact_steps"]
    entries = [step["id"] for step in spec["exact_steps"] if step["action"] == "fill"]
    assert [step["id"] for step in kept if step["action"] == "fill"] == entries
    assert main(["tester", "run", edited.stem, "--app-url", whole, "--build", "whole"]) == 0


def test_a_test_that_is_not_red_is_not_made_shorter(
    proven: str, whole: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "tester", "minimise", spec_of(proven), "--app-url", whole)
    assert "not_testable" in said
    assert "it is not reproduced" in said


def test_a_failed_request_is_tested_by_itself(
    proven: str, broken: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, made = ask(capsys, "tester", "api-from-replay-issue", proven)
    assert (code, made["steps"][0]["method"], made["steps"][0]["url"]) == (0, "POST", "/api/orders")
    _, listed = ask(capsys, "tester", "api-list")
    assert [spec["spec_id"] for spec in listed] == [made["spec_id"]]
    run = ("tester", "api-run", made["spec_id"], "--app-url", broken)
    code, runs = ask(capsys, *run)
    assert (code, runs[0]["reason"]) == (4, "missing_input")
    assert "RETRACE_TESTER_BODY" in runs[0]["detail"]
    _, kept = ask(capsys, "tester", "runs", made["spec_id"])
    assert [row["kind"] for row in kept] == ["api"]


def test_a_test_of_an_api_is_written_by_hand_and_run(
    home: Path, broken: str, whole: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "goods.json"
    file.write_text(json.dumps({"spec_id": "goods", "name": "Goods are listed", "url": "/api/nothing-there"}))
    assert main(["tester", "api-create", str(file)]) == 0
    assert ask(capsys, "tester", "api-run", "goods", "--app-url", whole)[0] == 1
    file.write_text(json.dumps({"spec_id": "goods", "name": "Goods are listed", "url": "/"}))
    assert main(["tester", "api-create", str(file)]) == 0
    assert ask(capsys, "tester", "api-run", "goods", "--app-url", whole)[0] == 0
    file.write_text("{")
    assert "invalid_spec" in refused(capsys, "tester", "api-create", str(file))
