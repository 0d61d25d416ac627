"""`retrace detectors`, `retrace explain` and `retrace qa split`: what a person sees, and what a program gets."""

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retrace_app.cli import main
from retrace_assets.signals.detectors import DETECTORS
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from tests.retrace_assets.signals.recordings import click, exception, process, record, request, rows

WIDTH = 100
HOSTILE = "[bold red]Save[/]\x1b[31m\x07\u202e"
YESTERDAY = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(days=1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a failing request, an exception, and rage clicks on a button whose name is an attack."""
    home = tmp_path_factory.mktemp("home")
    rage = [click(20_000 + 150 * number, HOSTILE, node_id=5) for number in range(4)]
    events = [{"at": 0, "kind": "meta"}, click(400), request(450), exception(9_000), *rage]
    with Lake(home) as lake, StateStore.open(home) as state:
        record(lake, "s1", events, user="ann", start=YESTERDAY)
        process(lake, state)
    return home


@pytest.fixture
def where(recorded: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it."""
    shutil.copytree(recorded, home, dirs_exist_ok=True)
    monkeypatch.chdir(home)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return home


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, out, err = ask(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def signal_of(home: Path, detector: str) -> str:
    with Lake(home) as lake:
        return next(str(row["signal_id"]) for row in rows(lake, "signals") if row["detector"] == detector)


def detectors_found(home: Path) -> set[str]:
    with Lake(home) as lake:
        return {str(row["detector"]) for row in rows(lake, "signals")}


def test_list_and_show_tell_what_is_in_force_where_it_comes_from_and_what_it_found(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "config.yaml").write_text("detectors:\n  rage_click:\n    clicks: 4\n")
    code, out, _ = ask(capsys, "detectors", "list")
    assert code == 0
    assert all(name in out for name in DETECTORS)
    assert max(map(len, out.splitlines())) <= WIDTH
    shown = answered(capsys, "detectors", "show", "rage_click")
    assert (shown["total"], shown["signals"]) == (1, {YESTERDAY.date().isoformat(): 1})
    clicks = next(each for each in shown["thresholds"] if each["name"] == "clicks")
    assert clicks == {"name": "clicks", "value": 4, "default": 3, "source": "config.yaml"}
    out = ask(capsys, "detectors", "show", "rage_click")[1]
    assert "Stays quiet when" in out
    assert "config.yaml" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "rage_clik"), "detector_not_found"),
        (("set", "rage_click"), "rule_invalid"),
        (("set", "rage_click", "--threshold", "clicks"), "rule_invalid"),
        (("set", "rage_click", "--threshold", "clicks=0"), "rule_invalid"),
        (("set", "rage_click", "--threshold", "clickz=3"), "rule_invalid"),
        (("set", "rage_click", "--lift", "sup_none"), "rule_invalid"),
        (("set", "rage_click", "--off", "--project", "nobody"), "workspace_not_found"),
        (("preview", "rage_click"), "rule_invalid"),
        (("quiet", "sig_none"), "signal_not_found"),
        (("quiet", "INC-NONE22"), "incident_not_found"),
    ],
)
@pytest.mark.usefixtures("where")
def test_refusals_have_a_code_and_set_nothing(
    arguments: Sequence[str], code: str, where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, out, err = ask(capsys, "detectors", *arguments)
    assert (exit_code, out) == (1, "")
    assert f"error[{code}]" in err
    with StateStore.open(where) as state:
        assert state.rule_changes() == []


def test_preview_then_set_then_lift(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "detectors", "preview", "rage_click", "--threshold", "clicks=9")
    assert code == 0
    assert "Nothing was written." in out
    assert "retrace detectors set rage_click --threshold clicks=9" in out
    assert "[bold red]Save[/]" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "rage_click" in detectors_found(where)

    done = answered(capsys, "detectors", "set", "rage_click", "--threshold", "clicks=9", "--reason", "too eager")
    assert (done["rescanned"]["sessions"], done["rescanned"]["days"]) == (1, 1)
    assert "rage_click" not in detectors_found(where)
    incidents = answered(capsys, "qa", "list")
    assert next(each["status"] for each in incidents if "Rage" in each["title"]) == "withdrawn"

    ask(capsys, "detectors", "set", "rage_click", "--threshold", "clicks=default")
    assert "rage_click" in detectors_found(where)


def test_not_a_bug_quiets_the_element_until_it_is_lifted(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = signal_of(where, "rage_click")
    code, out, _ = ask(capsys, "detectors", "quiet", name, "--reason", "a game")
    assert code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "rage_click" not in detectors_found(where)
    with StateStore.open(where) as state:
        (change,) = state.rule_changes()
    assert (change.project_id, change.environment_id, change.origin) == ("proj_a", "env_a", name)

    scope = ("--project", "proj_a", "--environment", "env_a")
    (quieted,) = answered(capsys, "detectors", "show", "rage_click", *scope)["suppressions"]
    assert (quieted["reason"], quieted["origin"]) == ("a game", name)
    assert "a game" in ask(capsys, "detectors", "show", "rage_click", *scope)[1]
    ask(capsys, "detectors", "set", "rage_click", "--lift", quieted["id"])
    assert "rage_click" in detectors_found(where)


def test_quiet_without_rescan_holds_for_what_comes_in_later(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    incident = answered(capsys, "qa", "list")[0]
    done = answered(capsys, "detectors", "quiet", incident["public_id"], "--no-rescan")
    assert done["rescanned"] is None
    assert "network_5xx" in detectors_found(where)
    explained = answered(capsys, "explain", signal_of(where, "network_5xx"))
    assert explained["rule"]["has_changed"]


def test_explain_tells_evidence_rule_incident_and_what_to_type_next(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = signal_of(where, "network_5xx")
    explained = answered(capsys, "explain", name)
    assert explained["request"]["status"] == 500
    assert explained["events"][0]["event_id"] == "w1:0:2"
    assert not explained["rule"]["has_changed"]
    assert explained["incident"]["public_id"].startswith("INC-")
    code, out, _ = ask(capsys, "explain", name.upper())
    assert code == 0
    for said in ("would not have fired had", "→ 500", "w1:0:2", explained["incident"]["public_id"], "detectors quiet"):
        assert said in out, said
    out = ask(capsys, "explain", signal_of(where, "rage_click"))[1]
    assert max(map(len, out.splitlines())) <= WIDTH
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "error[signal_not_found]" in ask(capsys, "explain", "sig_none")[2]


def test_split_undoes_a_merge(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, *_ = (each["public_id"] for each in answered(capsys, "qa", "list"))
    ask(capsys, "qa", "merge", second, first)
    code, out, _ = ask(capsys, "qa", "split", first, "--by", "detector", "--reason", "two bugs")
    assert code == 0
    assert f"{first} stays" in out
    assert f"{second} is split off" in out
    assert "split by" in ask(capsys, "qa", "show", first)[1]
    assert ask(capsys, "qa", "split", first)[0] == 2
    assert "error[nothing_to_split]" in ask(capsys, "qa", "split", first, "--by", "route")[2]


def test_detectors_can_be_seen_before_there_is_anything(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    assert len(answered(capsys, "detectors", "list")) == len(DETECTORS)
    assert "error[lake_not_found]" in ask(capsys, "detectors", "preview", "rage_click", "--off")[2]
    assert answered(capsys, "detectors", "set", "rage_click", "--off")["rescanned"]["sessions"] == 0
    assert not (home / "lake").exists()
