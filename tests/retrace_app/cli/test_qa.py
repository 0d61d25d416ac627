"""`retrace qa`: what a person sees of the queue, and what a program gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from retrace_app.cli import main
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from tests.retrace_assets.signals.recordings import click, exception, process, record, request
from tests.retrace_assets.test_runs.test_failures import ORDERS, Runs

WIDTH = 100
HOSTILE = "[bold red]Save[/]\x1b[31m\x07\u202e"


def find_three(home: Path) -> None:
    """A failing request, an exception, and rage clicks on a button whose name is an attack."""
    rage = [click(20_000 + 150 * number, HOSTILE, node_id=5) for number in range(4)]
    with Lake(home) as lake, StateStore.open(home) as state:
        record(lake, "s1", [{"at": 0, "kind": "meta"}, click(400), request(450), exception(9_000), *rage], user="ann")
        process(lake, state)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three incidents, for tests that only look."""
    home = tmp_path_factory.mktemp("home")
    find_three(home)
    return home


@pytest.fixture
def where(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose configuration is nothing but a home, on a terminal of 100 columns."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return home


@pytest.fixture
def found(three: Path, where: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with the home of three incidents."""
    monkeypatch.setenv("RETRACE_HOME", str(three))
    return where


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `retrace qa …`."""
    code = main(["qa", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    code, out, err = ask(capsys, "list", "--json", *arguments)
    assert (code, err) == (0, "")
    return list(json.loads(out))


@pytest.mark.usefixtures("where")
def test_list_says_that_there_is_nothing_yet(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "list")
    assert (code, out) == (0, "")
    assert "no incidents yet" in err
    assert listed(capsys) == []


@pytest.mark.usefixtures("found")
def test_list_shows_the_queue_in_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[0].split() == ["ID", "STATUS", "SEVERITY", "USERS", "SEEN", "TITLE"]
    assert [line.split()[2:4] for line in lines[1:3]] == [["new", "high"], ["new", "medium"]]
    first = listed(capsys)[0]["public_id"]
    assert lines[-1].strip() == f"retrace qa show {first}"
    assert "3 incidents: 3 new" in out


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("command", ["list", "show"])
def test_page_text_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str], command: str) -> None:
    attack = next(incident["public_id"] for incident in listed(capsys) if "Rage" in incident["title"])
    _, out, _ = ask(capsys, command, *([attack] if command == "show" else []))
    assert "[bold red]Save[/]" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


@pytest.mark.usefixtures("found")
def test_json_has_nested_objects_and_times_with_a_zone(capsys: pytest.CaptureFixture[str]) -> None:
    first = listed(capsys, "--limit", "1")[0]
    assert first["evidence"]["network_failures"][0]["status"] == 500
    assert first["reproduction"][0]["action"] == "navigate"
    assert first["sources"][0]["kind"] == "replay"
    assert first["last_seen_at"].endswith("Z")
    _, out, _ = ask(capsys, "show", first["public_id"], "--json")
    assert json.loads(out) == first


@pytest.mark.usefixtures("found")
def test_show_tells_what_happened_how_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    first = listed(capsys)[0]
    code, out, err = ask(capsys, "show", first["public_id"])
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= WIDTH
    for said in (
        first["title"],
        "Click button “Pay now”",
        "would not have fired had",
        "https://shop.example/api/orders/12 → 500",
        first["issue_ids"][0],
        f"retrace qa resolve {first['public_id']}",
    ):
        assert said in out, said


@pytest.mark.usefixtures("found")
def test_refusals_have_a_code_and_a_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "show", "INC-NOSUCH")
    assert (code, out) == (1, "")
    assert err.splitlines() == ["error[incident_not_found]: nothing is known as 'INC-NOSUCH'", "hint: retrace qa list"]
    first = listed(capsys)[0]["public_id"]
    code, _, err = ask(capsys, "reopen", first)
    assert code == 1
    assert "error[invalid_transition]" in err


def test_decisions_change_the_queue_and_are_shown_with_who_and_why(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find_three(where)
    first, second, third = (incident["public_id"] for incident in listed(capsys))
    code, out, _ = ask(capsys, "ignore", first, "--reason", "a \x1b[31mtest\x1b[0m system")
    assert code == 0
    assert f"{first} is ignored, was new" in out
    assert f"retrace qa reopen {first}" in out
    assert [incident["public_id"] for incident in listed(capsys, "--status", "ignored")] == [first]
    assert len(listed(capsys, "--status", "open")) == 2
    assert len(listed(capsys, "--status", "open", "--status", "ignored", "--limit", "2")) == 2
    shown = ask(capsys, "show", first)[1]
    assert "ignore by" in shown
    assert "\x1b" not in shown

    assert f"{first} is new, was ignored" in ask(capsys, "reopen", first)[1]
    assert f"{third} is resolved, was new" in ask(capsys, "resolve", third)[1]
    merged = json.loads(ask(capsys, "merge", second, first, "--json")[1])
    assert merged["incident"]["aliases"] == [second]
    assert merged["decision"]["payload"] == {"into": merged["incident"]["fingerprint"]}
    assert merged["assets"] == ["issues", "incidents"]


@pytest.mark.usefixtures("found")
def test_list_says_when_no_incident_has_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "list", "--status", "verified")
    assert (code, out, err.strip()) == (0, "", "No incident has this status.")
    assert ask(capsys, "list", "--status", "nonsense")[0] == 2


def test_configuration_is_taken_from_config(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ask(capsys, "list", "--config", str(where / "none.yaml"))
    assert code == 1
    assert "error[config_not_found]" in err


def test_incident_that_a_test_filed_was_seen_in_runs_and_names_the_command_that_shows_it(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Lake(where) as lake, StateStore.open(where) as state:
        runs = Runs(lake, state, where)
        runs.of(ORDERS)
        runs.of(ORDERS)
    (incident,) = listed(capsys)
    assert "2 red runs" in ask(capsys, "show", incident["public_id"])[1]
    code, _, err = ask(capsys, "reproduce", incident["public_id"])
    assert code != 0
    assert "retrace tester api-run orders" in " ".join(err.split())
