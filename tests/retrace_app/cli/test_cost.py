"""`retrace cost summary`: what a person sees of what models cost, and what a program gets."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retrace_app.cli import cost
from retrace_app.cli.messages import ending
from retrace_assets.llm_calls.update import keep_calls
from retrace_resources.lake import Lake
from retrace_resources.llm import Call
from retrace_resources.llm_prices import LISTED_ON

NOW = datetime.now(UTC).replace(tzinfo=None)

CALL = Call(
    purpose="rerank",
    provider="openai",
    model="gpt-6-sol",
    status="ok",
    input_tokens=12_000,
    output_tokens=800,
    cost_usd=0.032,
    seconds=2.0,
    called_at=NOW - timedelta(hours=1),
)
CALLS = [
    CALL,
    replace(CALL, purpose="summary", called_at=NOW - timedelta(days=3)),
    replace(CALL, status="failed", input_tokens=None, output_tokens=None, cost_usd=None),
    replace(CALL, model="qwen3:8b", cost_usd=None),
    replace(CALL, called_at=NOW - timedelta(days=40)),
]


@pytest.fixture
def where(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose configuration is nothing but a home."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "100")
    return home


@pytest.fixture(scope="module")
def home_of_calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where models were called."""
    home = tmp_path_factory.mktemp("home")
    with Lake(home) as lake:
        keep_calls(lake, CALLS, ("p", "e"))
    return home


@pytest.fixture
def called(where: Path, home_of_calls: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, with that home."""
    monkeypatch.setenv("RETRACE_HOME", str(home_of_calls))
    return where


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `retrace cost …`."""
    code = ending(lambda: cost.app(list(arguments), standalone_mode=False))
    out, err = capsys.readouterr()
    return code, out, err


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = ask(capsys, "summary", "--json", *arguments)
    assert (code, err) == (0, "")
    return dict(json.loads(out))


@pytest.mark.usefixtures("where")
def test_no_call_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "summary") == (0, "", "No language model was called in this time.\n")
    summary = asked(capsys)
    assert summary["rows"] == []
    assert summary["total"]["calls"] == 0


@pytest.mark.usefixtures("called")
def test_calls_are_summed_up_by_model_the_dearest_first(capsys: pytest.CaptureFixture[str]) -> None:
    summary = asked(capsys)
    assert [(row["key"], row["calls"], row["failed"]) for row in summary["rows"]] == [
        ("gpt-6-sol", 3, 1),
        ("qwen3:8b", 1, 0),
    ]
    assert summary["rows"][0]["cost_usd"] == pytest.approx(0.064)
    assert (summary["total"]["input_tokens"], summary["total"]["unpriced"]) == (36_000, 1)
    assert summary["total"]["cost_usd"] == pytest.approx(0.064)


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize(("since", "calls"), [("30d", 4), ("50", 5), ("2h", 3), ("2d", 3)])
def test_only_what_is_asked_for_counts(capsys: pytest.CaptureFixture[str], since: str, calls: int) -> None:
    assert asked(capsys, "--since", since)["total"]["calls"] == calls


@pytest.mark.usefixtures("called")
def test_other_sums_are_by_purpose_and_by_day_the_latest_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["key"] for row in asked(capsys, "--by", "purpose")["rows"]] == ["rerank", "summary"]
    days = [row["key"] for row in asked(capsys, "--by", "day")["rows"]]
    assert days == sorted(days, reverse=True)
    assert days[-1] == f"{NOW - timedelta(days=3):%Y-%m-%d}"


@pytest.mark.usefixtures("called")
def test_a_person_sees_what_has_no_price(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "summary")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["gpt-6-sol"][1:] == ["3", "1", "24,000", "1,600", "0.0640"]
    assert lines["qwen3:8b"][-2:] == ["no", "price"]
    assert lines["total"][-1] == "0.0640"
    assert "1 call has no price" in out
    assert LISTED_ON in out


@pytest.mark.usefixtures("where")
@pytest.mark.parametrize("since", ["soon", "0", "-3", "30 weeks", "٣d"])
def test_a_span_that_is_none_is_misuse(capsys: pytest.CaptureFixture[str], since: str) -> None:
    code, out, err = ask(capsys, "summary", f"--since={since}")
    assert (code, out) == (2, "")
    assert "such as 30d, 24h or 7" in err
