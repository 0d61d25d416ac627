"""Each call of a model is a row."""

from dataclasses import replace
from datetime import datetime

from retrace_assets.llm_calls.update import keep_calls, keeping
from retrace_resources.lake import Lake
from retrace_resources.llm import Call

CALL = Call(
    purpose="rerank",
    provider="openai",
    model="gpt-6-sol",
    status="ok",
    input_tokens=1_000,
    output_tokens=200,
    cost_usd=0.004,
    seconds=1.5,
    called_at=datetime(2026, 11, 24, 12),
)


def test_a_call_is_kept_as_it_ends_with_what_it_was_for_and_what_it_cost(lake: Lake) -> None:
    note = keeping(lake, ("p", "e"), "INC-2A3B4C")
    note(CALL)
    (row,) = lake.query("SELECT * FROM llm_calls").to_dicts()
    assert row["call_id"].startswith("llm_")
    assert (row["project_id"], row["environment_id"], row["incident_id"]) == ("p", "e", "INC-2A3B4C")
    assert (row["purpose"], row["model"], row["status"]) == ("rerank", "gpt-6-sol", "ok")
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (1_000, 200, 0.004)
    assert (row["duration_ms"], row["called_at"]) == (1_500, datetime(2026, 11, 24, 12))


def test_several_calls_are_kept_together(lake: Lake) -> None:
    keep_calls(lake, [CALL], ("p", "e"))
    before = lake.snapshot_id()
    keep_calls(lake, [CALL, replace(CALL, purpose="summary")], ("p", "other"))
    assert lake.snapshot_id() == before + 1
    rows = lake.query("SELECT call_id FROM llm_calls")
    assert rows["call_id"].n_unique() == 3
